import { describe, expect, test } from 'vitest'
import type { Outcome } from '../../../../services/domain/delivery/outcome.ts'
import { commitsOf, ok, position, topic, world } from '../../../support/engine-world.ts'
import { definition, delivery, replayOf, type SimulatedWorld } from '../../../support/simulation.ts'

const hour = 3_600_000
const count = 300

function offerAll(made: SimulatedWorld, from: number, to: number): void {
  for (let i = from; i < to; i++) made.engine.offer(position(i), delivery(`d${i}`, 'w', `contact${i % 3}`))
}

/** Runs the clock for this long, with the engine's ticks. */
function run(made: SimulatedWorld, forMs: number): void {
  for (const endMs = made.clock.nowMs + forMs; made.clock.nowMs < endMs; made.clock.runUntil(made.clock.nowMs + 200))
    made.engine.tick()
}

function expectInOrder(made: SimulatedWorld): void {
  const firsts = made.sent.filter(({ attempt }) => attempt === 1)
  for (const contact of ['contact0', 'contact1', 'contact2']) {
    const own = firsts.filter(({ contactId }) => contactId === contact)
    const numbers = own.map(({ deliveryId }) => Number(deliveryId.slice(1)))
    expect(numbers).toEqual([...numbers].sort((a, b) => a - b))
  }
}

describe('what will wait longer than a minute', () => {
  test.each([
    { ratePerSecond: 0.01, most: 2 },
    { ratePerSecond: 1, most: 62 },
  ])(
    'at a rate of $ratePerSecond a second at most $most deliveries are in memory, and nothing delays the commit',
    ({ ratePerSecond, most }) => {
      const made = world(() => ({ outcome: ok }))
      made.definitions.set('w', definition('w', { rateLimitPerSecond: ratePerSecond }))
      offerAll(made, 0, count)
      run(made, 5_000)
      for (let i = 0; i < 100; i++) {
        run(made, 1_000)
        expect(made.engine.pool.count).toBeLessThanOrEqual(most)
      }
      expect(commitsOf(made)).toEqual([position(count)])
      expect(made.parkedLog.get(0)?.length).toBeLessThanOrEqual(count)
      run(made, ((count + 20) * 1_000) / ratePerSecond)
      expect(made.sent).toHaveLength(count)
      expect(made.engine.parking).toBe(0)
      expectInOrder(made)
    },
  )

  test('lowering a rate moves queued deliveries to webhook-parked too', () => {
    const made = world(() => ({ outcome: ok }))
    made.definitions.set('w', definition('w', { rateLimitPerSecond: 100 }))
    offerAll(made, 0, count)
    made.definitions.set('w', definition('w', { rateLimitPerSecond: 0.1 }))
    run(made, 1_000)
    expect(made.engine.pool.count).toBeLessThanOrEqual(5)
    expect(commitsOf(made)).toEqual([position(count)])
    run(made, count * 11_000)
    expect(made.sent).toHaveLength(count)
    expectInOrder(made)
  })

  test.each(['reject', 'park'] as const)(
    'during a pause of an hour, queued and new deliveries go to webhook-parked (whenBlocked: %s)',
    (whenBlocked) => {
      const asked: Outcome = { kind: 'refused', status: 429, latencyMs: 1, retryAfterMs: hour }
      const made = world((id, attempt) => ({ outcome: id === 'd0' && attempt === 1 ? asked : ok }))
      made.definitions.set('w', definition('w', { whenBlocked, maxInFlight: 1 }))
      offerAll(made, 0, count)
      run(made, 1_000)
      offerAll(made, count, count + 20)
      run(made, 1_000)
      expect(made.engine.pool.count).toBe(0)
      expect(commitsOf(made)).toEqual([position(count + 20)])
      run(made, hour + 60_000)
      // The refused one waits in a delay topic.
      expect(made.sent).toHaveLength(count + 20)
      const [first, second] = made.sent
      expect((second?.atMs ?? 0) - (first?.atMs ?? 0)).toBeGreaterThanOrEqual(hour)
      expectInOrder(made)
    },
  )

  test('a pause that begins while parked deliveries are read puts those back, and none stays in memory', () => {
    const asked: Outcome = { kind: 'refused', status: 429, latencyMs: 1, retryAfterMs: hour }
    let pauses = false
    const made = world(() => ({ outcome: pauses ? asked : ok, afterMs: 500 }), { maxQueuedOfWebhook: 20 })
    made.definitions.set('w', definition('w', { maxInFlight: 4 }))
    offerAll(made, 0, 20)
    run(made, 500)
    offerAll(made, 20, count)
    run(made, 2_000)
    expect(made.engine.parking).toBe(1)
    pauses = true
    run(made, 1_000)
    pauses = false
    // The heads that were in flight wait for their own retries.
    expect(made.engine.pool.count).toBeLessThanOrEqual(4)
    run(made, hour + 120_000)
    expect(made.settled.size).toBe(count)
    expect(made.engine.parking).toBe(0)
    expectInOrder(made)
  })

  test("when a breaker opens, nothing of the webhook's overflow stays in memory", () => {
    const made = world(() => ({ outcome: { kind: 'refused', status: 400, latencyMs: 1 }, afterMs: 200 }), {
      maxQueuedOfWebhook: 150,
    })
    made.definitions.set('w', definition('w', { whenBlocked: 'park', maxInFlight: 1 }))
    offerAll(made, 0, 150)
    run(made, 1_000)
    offerAll(made, 150, count)
    run(made, 60_000)
    expect(made.sent).toHaveLength(101)
    expect(made.engine.pool.count).toBe(0)
    expect(commitsOf(made)).toEqual([position(count)])
    expectInOrder(made)
  })
})

test('live notifications and a replay of one webhook share its rate limit, and neither takes all of it', () => {
  const made = world(() => ({ outcome: ok, afterMs: 1 }))
  made.engine.assign({ partitions: new Map([topic, 'webhook-replays'].map((name) => [name, [0]])), fresh: true })
  made.restore(0)
  made.definitions.set('w', definition('w', { rateLimitPerSecond: 10 }))
  for (let i = 0; i < 100; i++) {
    const { delivery: of, replayId } = replayOf(delivery(`r${i}`, 'w', `contact${i % 3}`), 'replay')
    made.engine.offer({ topic: 'webhook-replays', partition: 0, offset: i }, of, [], replayId)
  }
  offerAll(made, 0, 100)
  run(made, 5_000)
  const live = made.sent.filter(({ deliveryId }) => deliveryId.startsWith('d')).length
  expect(live).toBeGreaterThan(made.sent.length / 3)
  expect(live).toBeLessThan((made.sent.length * 2) / 3)
})
