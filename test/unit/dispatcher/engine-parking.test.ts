import { expect, test } from 'vitest'
import type { Delivery } from '../../../services/domain/delivery.ts'
import { ok, owned, place, world } from '../../support/engine-world.ts'
import { definition, delivery, SimulatedWorld } from '../../support/simulation.ts'

test('beyond its room in memory, a slow webhook goes by webhook-parked, in order, and back to the direct way', () => {
  const made = world(() => ({ outcome: ok, afterMs: 50 }), { maxQueuedOfWebhook: 10 })
  made.definitions.set('w', definition('w', { maxInFlight: 2 }))
  for (let i = 0; i < 100; i++) made.engine.offer(place(i), delivery(`d${i}`, 'w', `contact${i % 2}`))
  expect(made.parkedLog.get(0)).toHaveLength(90)
  while (made.clock.step()) made.engine.tick()
  expect(made.sent).toHaveLength(100)
  expect(made.engine.parking).toBe(0)
  for (const contact of ['contact0', 'contact1']) {
    const numbers = made.sent
      .filter(({ contactId }) => contactId === contact)
      .map(({ deliveryId }) => Number(deliveryId.slice(1)))
    expect(numbers).toEqual([...numbers].sort((a, b) => a - b))
  }
  made.engine.offer(place(100), delivery('d100', 'w', 'contact0'))
  made.runAll()
  expect(made.parkedLog.get(0)).toHaveLength(90)
  expect(made.sent).toHaveLength(101)
})

test.each([
  {
    how: 'hang',
    badAnswer: { kind: 'unreachable', reason: 'timeout', latencyMs: 10_000, detail: '' },
    afterMs: 10_000,
  },
  // Something of each of them ends in every tick.
  { how: 'answer too slowly', badAnswer: ok, afterMs: 300 },
] as const)(
  'a dozen webhooks that $how do not take the memory of all: what they hold goes by webhook-parked',
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
    made.engine.assign(owned)
    // Many of the bad ones come before each of the good ones, again and again.
    const records = Array.from({ length: 50 }, (_unused, round) => [
      ...bad.flatMap((id) => Array.from({ length: 10 }, (_none, i) => delivery(`${id}-${round}-${i}`, id, `c${i}`))),
      delivery(`good-${round}`, 'good', `c${round % 3}`),
    ]).flat()
    const beganMs = made.clock.nowMs
    for (let offset = 0; offset < records.length; ) {
      if (made.engine.hasRoom) made.engine.offer(place(offset), records[offset++] as Delivery)
      // Who was told that there is no room waits until he is told that there is.
      else
        for (const before = made.rooms; made.rooms === before; made.engine.tick())
          made.clock.runUntil(made.clock.nowMs + 200)
    }
    made.clock.runUntil(made.clock.nowMs + 1_000)
    expect(made.sent.filter(({ webhookId }) => webhookId === 'good')).toHaveLength(50)
    // Room came by parking: the bad ones' answers would have taken far longer.
    expect(made.clock.nowMs - beganMs).toBeLessThan(10_000)
  },
)

test("what a slow webhook has in memory is parked with its contacts in turns, each one's in order", () => {
  const made = new SimulatedWorld(1, () => ({ outcome: ok, afterMs: 60_000 }), { maxHeld: 30 })
  made.definitions.set('w', definition('w', { maxInFlight: 2 }))
  made.engine.assign(owned)
  for (let i = 0; i < 20; i++) made.engine.offer(place(i), delivery(`d${i}`, 'w', i < 10 ? 'ana' : 'rui'))
  made.clock.runUntil(made.clock.nowMs + 200)
  made.engine.tick()
  const parked = made.parkedLog.get(0)?.map((pending) => pending.delivery.deliveryId)
  expect(parked).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9].flatMap((i) => [`d${i}`, `d${10 + i}`]))
})
