import { expect, test } from 'vitest'
import type { Delivery } from '../../../../services/domain/delivery/delivery.ts'
import { commitsOf, measure, ok, owned, position, world } from '../../../support/engine-world.ts'
import { definition, delivery, SimulatedWorld } from '../../../support/simulation.ts'

test('a slow webhook beyond its share of memory is served through webhook-parked in order, and then directly again', () => {
  const made = world(() => ({ outcome: ok, afterMs: 500 }), { maxQueuedOfWebhook: 10 })
  made.definitions.set('w', definition('w', { maxInFlight: 2 }))
  const offer = (i: number) => made.engine.offer(position(i), delivery(`d${i}`, 'w', `contact${i % 2}`))
  for (let i = 0; i < 10; i++) offer(i)
  measure(made)
  for (let i = 10; i < 100; i++) offer(i)
  // Ten of them were in memory. They go there before those that came later, including the two in flight, which may not
  // have been sent.
  expect(made.parkedLog.get(0)).toHaveLength(100)
  while (made.clock.step()) made.engine.tick()
  expect(made.sent).toHaveLength(100)
  expect(made.engine.parking).toBe(0)
  for (const contact of ['contact0', 'contact1']) {
    const numbers = made.sent
      .filter(({ contactId }) => contactId === contact)
      .map(({ deliveryId }) => Number(deliveryId.slice(1)))
    expect(numbers).toEqual([...numbers].sort((a, b) => a - b))
  }
  made.engine.offer(position(100), delivery('d100', 'w', 'contact0'))
  made.runAll()
  expect(made.parkedLog.get(0)).toHaveLength(100)
  expect(made.sent).toHaveLength(101)
})

test.each([
  {
    how: 'hang',
    badAnswer: { kind: 'unreachable', reason: 'timeout', latencyMs: 10_000, detail: '' },
    afterMs: 10_000,
  },
  // Some request of each webhook ends in every tick.
  { how: 'answer too slowly', badAnswer: ok, afterMs: 300 },
] as const)(
  'twelve webhooks that $how do not use up the memory, because their deliveries go through webhook-parked',
  ({ badAnswer, afterMs }) => {
    const made = new SimulatedWorld(
      1,
      ({ webhookId }, _attempt, random) =>
        webhookId === 'good'
          ? { outcome: ok, afterMs: 10 }
          : { outcome: badAnswer, afterMs: afterMs * (0.5 + random()) },
      { maxHeld: 200, maxQueuedOfWebhook: 50, maxInFlight: 100 },
    )
    const bad = Array.from({ length: 12 }, (_unused, i) => `bad${i}`)
    for (const id of [...bad, 'good']) made.definitions.set(id, definition(id, { maxInFlight: 4 }))
    made.assign(owned)
    // Many deliveries of the bad webhooks precede each of the good ones, repeatedly.
    const records = Array.from({ length: 50 }, (_unused, round) => [
      ...bad.flatMap((id) => Array.from({ length: 10 }, (_none, i) => delivery(`${id}-${round}-${i}`, id, `c${i}`))),
      delivery(`good-${round}`, 'good', `c${round % 3}`),
    ]).flat()
    const beganMs = made.clock.nowMs
    for (let offset = 0; offset < records.length; ) {
      if (made.engine.hasRoomFor('webhook-deliveries'))
        made.engine.offer(position(offset), records[offset++] as Delivery)
      // A delivery that was refused for lack of room waits until there is room.
      else
        for (const before = made.rooms; made.rooms === before; made.engine.tick())
          made.clock.runUntil(made.clock.nowMs + 200)
    }
    made.clock.runUntil(made.clock.nowMs + 1_000)
    expect(made.sent.filter(({ webhookId }) => webhookId === 'good')).toHaveLength(50)
    // Parking made room: the bad webhooks' answers would have taken more than 37 s.
    expect(made.clock.nowMs - beganMs).toBeLessThan(12_000)
  },
)

test("a slow webhook's deliveries are parked by contacts in turn, each contact's in order", () => {
  const made = new SimulatedWorld(1, () => ({ outcome: ok, afterMs: 60_000 }), { maxHeld: 30 })
  made.definitions.set('w', definition('w', { maxInFlight: 2 }))
  made.assign(owned)
  for (let i = 0; i < 20; i++) made.engine.offer(position(i), delivery(`d${i}`, 'w', i < 10 ? 'ana' : 'rui'))
  measure(made)
  const parked = made.parkedLog.get(0)?.map((pending) => pending.delivery.deliveryId)
  expect(parked).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9].flatMap((i) => [`d${i}`, `d${10 + i}`]))
})

test('a webhook counts as slow only after its speed is measured, so a backlog at the start stays in memory', () => {
  const made = world(() => ({ outcome: ok, afterMs: 10 }), { maxQueuedOfWebhook: 10, maxHeld: 100 })
  for (let i = 0; i < 90; i++) made.engine.offer(position(i), delivery(`d${i}`, 'w', `contact${i}`))
  made.clock.runUntil(made.clock.nowMs + 5)
  made.engine.tick()
  made.runAll()
  expect(made.parkedLog.size).toBe(0)
  expect(made.sent).toHaveLength(90)
})

/** A webhook that does not answer until some of its notifications are parked, and is fast from then on. */
function recovering(parkedCount: number) {
  const inMemory = 50
  const made = world((id) => ({ outcome: ok, afterMs: Number(id.slice(1)) < inMemory ? 1_000 : 10 }), {
    maxQueuedOfWebhook: inMemory,
    maxInFlight: 256,
  })
  const offer = (i: number) => made.engine.offer(position(i), delivery(`d${i}`, 'w', `contact${i % 100}`))
  for (let i = 0; i < inMemory; i++) offer(i)
  measure(made)
  for (let i = inMemory; i < inMemory + parkedCount; i++) offer(i)
  expect(made.parkedLog.get(0)).toHaveLength(parkedCount)
  return { made, offer, next: inMemory + parkedCount }
}

test('a webhook that has become fast takes back parked deliveries about as fast as they can be sent', () => {
  const { made, next } = recovering(5_000)
  const beganMs = made.clock.nowMs
  while (made.sent.length < next) {
    made.clock.runUntil(made.clock.nowMs + 200)
    made.engine.tick()
  }
  // 5,000 deliveries take 0.8 s at 64 in flight and 10 ms each. A fixed part of memory for each tick took 12 s.
  expect(made.clock.nowMs - beganMs).toBeLessThan(5_000)
})

test('a webhook that has caught up is served directly again while notifications keep coming', () => {
  const { made, offer, next } = recovering(500)
  let parkedLast = 0
  for (let i = next; i < next + 1_000; i++) {
    made.clock.runUntil(made.clock.nowMs + 5)
    if (i % 40 === 0) made.engine.tick()
    const before = made.parkedLog.get(0)?.length
    offer(i)
    if (made.parkedLog.get(0)?.length !== before) parkedLast = i
  }
  made.runAll()
  expect(parkedLast).toBeLessThan(next + 600)
  expect(made.engine.parking).toBe(0)
  const numbers = made.sent.map(({ deliveryId }) => Number(deliveryId.slice(1)))
  for (let contact = 0; contact < 100; contact++) {
    const own = numbers.filter((number) => number % 100 === contact)
    expect(own).toEqual([...own].sort((a, b) => a - b))
  }
  expect(new Set(numbers).size).toBe(next + 1_000)
  expect(numbers).toHaveLength(next + 1_000)
})

test('when a webhook parks again after catching up, what was taken is put back and newer deliveries follow it', () => {
  const made = world(() => ({ outcome: ok, afterMs: 1_000 }), { maxQueuedOfWebhook: 4 })
  made.definitions.set('w', definition('w', { maxInFlight: 1 }))
  let offset = 0
  const offer = (i: number) => made.engine.offer(position(offset++), delivery(`d${i}`, 'w', 'ana'))
  const parked = () => made.parkedLog.get(0)?.map((pending) => pending.delivery.deliveryId)
  for (const i of [0, 1, 2, 3]) offer(i)
  measure(made)
  offer(4)
  expect(parked()).toEqual(['d0', 'd1', 'd2', 'd3', 'd4'])
  while (made.sent.length < 3) {
    made.clock.runUntil(made.clock.nowMs + 200)
    made.engine.tick()
  }
  measure(made)
  // Memory holds d2 in flight, d3 and d4 behind it, all from webhook-parked; then d5. Later deliveries follow them
  // there.
  offer(4)
  offer(5)
  expect(parked()).toEqual(['d0', 'd1', 'd2', 'd3', 'd4'])
  offer(6)
  expect(parked()).toEqual(['d0', 'd1', 'd2', 'd3', 'd4', 'd5', 'd6'])
  while (made.clock.step()) made.engine.tick()
  expect(made.sent.map(({ deliveryId }) => deliveryId)).toEqual(['d0', 'd1', 'd2', 'd3', 'd4', 'd5', 'd6'])
  expect(made.engine.parking).toBe(0)
  expect(commitsOf(made)).toEqual([position(offset)])
})
