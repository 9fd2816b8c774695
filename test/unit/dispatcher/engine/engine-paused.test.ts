import { expect, test } from 'vitest'
import type { Outcome } from '../../../../services/domain/delivery/outcome.ts'
import { commitsOf, ok, owned, position, world } from '../../../support/engine-world.ts'
import { definition, delivery, replayOf, type SimulatedWorld } from '../../../support/simulation.ts'

const dayMs = 24 * 3_600_000
const refused: Outcome = { kind: 'refused', status: 500, latencyMs: 5 }

/** A world whose webhook `w` is paused and resumed by a new definition. */
function pausable(answer: () => Outcome = () => ok, limits = {}, changes: Parameters<typeof definition>[1] = {}) {
  const made = world(() => ({ outcome: answer() }), limits)
  const set = (more: Parameters<typeof definition>[1]) => {
    made.definitions.set('w', definition('w', { ...changes, ...more }))
    made.engine.definitionChanged('w', 'business')
  }
  set({})
  return {
    made,
    set,
    pause: () => set({ paused: true }),
    resume: () => set({ resumedAt: new Date(made.clock.nowMs).toISOString() }),
  }
}

function offerAll(made: SimulatedWorld, from: number, count: number): void {
  for (let i = from; i < from + count; i++) made.engine.offer(position(i), delivery(`d${i}`, 'w', `contact${i % 3}`))
}

/** Runs the clock for this long, with the engine's ticks. */
function run(made: SimulatedWorld, forMs: number): void {
  const endMs = made.clock.nowMs + forMs
  const tick = () => {
    made.engine.tick()
    if (made.clock.nowMs < endMs) made.clock.after(200, tick)
  }
  tick()
  made.clock.runUntil(endMs)
}

function expectAllInOrder(made: SimulatedWorld, count: number): void {
  expect(new Set(made.sent.map(({ deliveryId }) => deliveryId)).size).toBe(count)
  for (const contact of ['contact0', 'contact1', 'contact2']) {
    const own = made.sent.filter(({ contactId }) => contactId === contact)
    const numbers = own.map(({ deliveryId }) => Number(deliveryId.slice(1)))
    expect(numbers).toEqual([...numbers].sort((a, b) => a - b))
  }
}

test('a paused webhook gets nothing, keeps nothing in memory, and gets everything in order when it is resumed', () => {
  const { made, pause, resume } = pausable()
  offerAll(made, 0, 40)
  made.clock.runUntil(made.clock.nowMs + 1)
  pause()
  const before = made.sent.length
  offerAll(made, 40, 40)
  run(made, dayMs)
  expect(before).toBeLessThan(40)
  expect(made.sent).toHaveLength(before)
  expect(made.engine.pool.count).toBe(0)
  expect(commitsOf(made)).toEqual([position(80)])
  expect(new Set(made.parkedLog.get(0)?.map(({ why }) => why))).toEqual(new Set(['paused']))
  resume()
  offerAll(made, 80, 20)
  run(made, 10_000)
  expectAllInOrder(made, 100)
  expect(made.sent).toHaveLength(100)
  expect(made.engine.parking).toBe(0)
})

test('a resumed webhook is sent to at once, not at the next look after a long wait', () => {
  const { made, pause, resume } = pausable()
  pause()
  offerAll(made, 0, 1)
  run(made, 60_000)
  const resumedMs = made.clock.nowMs
  resume()
  run(made, 1_000)
  expect((made.sent[0]?.atMs ?? 0) - resumedMs).toBeLessThan(1_000)
})

test('a pause outlives the process: its successor sends nothing, and everything once it is resumed', () => {
  const { made, pause, resume } = pausable()
  pause()
  offerAll(made, 0, 30)
  run(made, 1_000)
  made.kill()
  made.assign(owned)
  run(made, 60_000)
  expect(made.sent).toEqual([])
  expect(made.engine.pool.count).toBe(0)
  resume()
  run(made, 10_000)
  expectAllInOrder(made, 30)
  expect(made.sent).toHaveLength(30)
})

test('a retry that falls due while its webhook is paused waits for the end of the pause', () => {
  let outcome: Outcome = refused
  const { made, pause, resume } = pausable(() => outcome)
  offerAll(made, 0, 1)
  run(made, 100)
  pause()
  outcome = ok
  run(made, 3_600_000)
  expect(made.sent).toHaveLength(1)
  expect(made.engine.pool.count).toBe(0)
  resume()
  run(made, 10_000)
  expect(made.sent.map(({ attempt }) => attempt)).toEqual([1, 2])
})

test('a retry that waits in memory while its partition is taken over again is left alone until that is done', () => {
  const { made, pause } = pausable(() => refused)
  offerAll(made, 0, 1)
  made.clock.runUntil(made.clock.nowMs + 50)
  const numbers = made.engine.assign({ ...owned, fresh: true })
  pause()
  made.engine.tick()
  expect(made.sent).toHaveLength(1)
  for (const number of numbers) made.restore(number)
  offerAll(made, 0, 1)
  made.engine.tick()
  expect(made.sent).toHaveLength(1)
})

test('a replay waits for the end of a pause too', () => {
  const { made, pause, resume } = pausable()
  pause()
  const { delivery: of, replayId, ratePerSecond } = replayOf(delivery('d0', 'w', 'contact0'), 'r1', 1_000)
  made.engine.offer({ topic: 'webhook-replays', partition: 0, offset: 0 }, of, [], replayId, ratePerSecond)
  run(made, 60_000)
  expect(made.sent).toEqual([])
  resume()
  run(made, 10_000)
  expect(made.sent).toHaveLength(1)
})

test('what waits in memory for the end of a handover goes to webhook-parked when the webhook is paused', () => {
  const { made, pause, resume } = pausable(() => ok, { maxQueuedOfWebhook: 5 }, { maxInFlight: 1 })
  // Some notifications are always on their way to webhook-parked, so that the handover begins and does not end.
  pause()
  offerAll(made, 0, 20)
  run(made, 400)
  resume()
  for (let at = 20; at < 200; at += 5) {
    offerAll(made, at, 5)
    made.engine.tick()
    made.clock.runUntil(made.clock.nowMs + 7)
  }
  pause()
  run(made, 3_600_000)
  expect(made.engine.pool.count).toBe(0)
  expect(commitsOf(made)).toEqual([position(200)])
  resume()
  run(made, 60_000)
  expectAllInOrder(made, 200)
})

test('a webhook that is switched off while it is paused gives up what it has kept', () => {
  const { made, pause, set } = pausable()
  pause()
  offerAll(made, 0, 3)
  run(made, 1_000)
  set({ paused: true, enabled: false })
  run(made, 10_000)
  expect(made.sent).toEqual([])
  expect(made.deadLetters.map(({ reason }) => reason)).toEqual(['disabled', 'disabled', 'disabled'])
})

test('a block from before the pause rejects nothing that the pause has kept, until something succeeds again', () => {
  let outcome: Outcome = refused
  const { made, pause, resume } = pausable(() => outcome, {}, { retryProfile: 'none' })
  for (let i = 0; i < 101; i++) {
    offerAll(made, i, 1)
    run(made, 200)
  }
  expect(made.engine.gates.isBlocked('w', made.clock.nowMs)).toBe(true)
  pause()
  offerAll(made, 101, 50)
  run(made, 60_000)
  resume()
  // The probe fails once more.
  run(made, 15 * 60_000)
  expect(made.sent).toHaveLength(102)
  expect(made.deadLetters.filter(({ reason }) => reason === 'breaker')).toEqual([])
  outcome = ok
  run(made, 15 * 60_000)
  expectAllInOrder(made, 151)
})

test('the age at which a notification expires is counted from the end of the pause', () => {
  const { made, pause, resume } = pausable(() => ok, { expiryMs: dayMs })
  pause()
  offerAll(made, 0, 3)
  run(made, 6 * dayMs)
  resume()
  run(made, 10_000)
  expect(made.sent).toHaveLength(3)
  expect(made.deadLetters).toEqual([])
})
