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

test('a dozen webhooks that hang do not take the memory of all: what they hold goes by webhook-parked', () => {
  const hang = { kind: 'unreachable', reason: 'timeout', latencyMs: 10_000, detail: '' } as const
  const made = new SimulatedWorld(
    1,
    ({ webhookId }) => (webhookId === 'good' ? { outcome: ok, afterMs: 10 } : { outcome: hang, afterMs: 10_000 }),
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
    else made.clock.runUntil(made.clock.nowMs + 200)
    if (!made.engine.hasRoom) made.engine.tick()
  }
  made.clock.runUntil(made.clock.nowMs + 1_000)
  expect(made.sent.filter(({ webhookId }) => webhookId === 'good')).toHaveLength(50)
  // Room came by parking: waiting for the first timeouts would have taken ten seconds at least.
  expect(made.clock.nowMs - beganMs).toBeLessThan(10_000)
})
