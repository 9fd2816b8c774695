import { expect, test } from 'vitest'
import { limitRate, mostAhead } from '../../../../services/dispatcher/engine/item-ids.ts'
import { fromPending } from '../../../../services/dispatcher/intake/take-batch.ts'
import type { PendingDelivery } from '../../../../services/domain/delivery/delivery.ts'
import { ok, owned, run, world } from '../../../support/engine-world.ts'
import { definition, delivery, replayOf, type SimulatedWorld } from '../../../support/simulation.ts'

const topic = 'webhook-replays'

/** Notifications of a replay, in webhook-replays from an offset on. */
function replay(replayId: string, count: number, ratePerSecond: number, webhookId = 'w'): PendingDelivery[] {
  return Array.from({ length: count }, (_unused, index) =>
    replayOf(delivery(`${replayId}-${index}`, webhookId, `contact ${index}`), replayId, ratePerSecond),
  )
}

function offer(made: SimulatedWorld, records: PendingDelivery[], from = 0): void {
  for (const [index, { delivery, replayId, ratePerSecond, givenUpAt }] of records.entries())
    made.engine.offer({ topic, partition: 0, offset: from + index }, delivery, [], replayId, ratePerSecond, givenUpAt)
}

test('a replay is spaced by its rate, and another replay of the partition does not wait for it', () => {
  const made = world(() => ({ outcome: ok }))
  made.definitions.set('v', definition('v'))
  offer(made, replay('long', 200, 0.1))
  offer(made, replay('short', 1, 10, 'v'), 200)
  run(made, 1_000)
  expect(made.sent.map(({ deliveryId }) => deliveryId)).toEqual(['long-0', 'short-0'])
  run(made, 100_000)
  expect(made.sent.filter(({ replayId }) => replayId === 'long')).toHaveLength(11)
})

test('two replays of one webhook each have their own rate, beside its live traffic', () => {
  const made = world(() => ({ outcome: ok }))
  offer(made, replay('slow', 50, 1))
  offer(made, replay('quick', 50, 10), 50)
  for (let offset = 0; offset < 100; offset++)
    made.engine.offer(
      { topic: 'webhook-deliveries', partition: 0, offset },
      delivery(`live-${offset}`, 'w', `c${offset}`),
    )
  run(made, 3_000)
  const sentOf = (replayId: string | null) => made.sent.filter((sent) => sent.replayId === replayId).length
  expect(sentOf(null)).toBe(100)
  expect(sentOf('slow')).toBeGreaterThanOrEqual(3)
  expect(sentOf('slow')).toBeLessThanOrEqual(4)
  expect(sentOf('quick')).toBeGreaterThanOrEqual(29)
  expect(sentOf('quick')).toBeLessThanOrEqual(31)
})

test("a replay's deliveries beyond a few seconds are in webhook-parked, finished in their topic, and are sent in order", () => {
  const made = world(() => ({ outcome: ok }))
  const records = replay('long', 500, 20)
  offer(made, records)
  run(made, 200)
  expect(made.engine.pool.count).toBeLessThanOrEqual(mostAhead(20))
  run(made, 10_000)
  const commit = made.engine.takeCommits().find((each) => each.topic === topic)
  expect(commit?.offset).toBe(500)
  expect(made.engine.pool.count).toBeLessThanOrEqual(mostAhead(20))
  run(made, 20_000)
  expect(made.sent.map(({ deliveryId }) => deliveryId)).toEqual(records.map((record) => record.delivery.deliveryId))
})

test('after a takeover, an overdue replay continues at its rate and in order', () => {
  const made = world(() => ({ outcome: ok }))
  const records = replay('long', 300, 10)
  offer(made, records)
  run(made, 1_000)
  const before = made.sent.length
  made.clock.runUntil(made.clock.nowMs + 500)
  made.assign({ ...owned, fresh: true })
  offer(made, records)
  const from = made.sent.length
  run(made, 1_000)
  expect(before).toBeLessThanOrEqual(11)
  expect(made.sent.length - from).toBeGreaterThanOrEqual(5)
  expect(made.sent.length - from).toBeLessThanOrEqual(12)
  run(made, 40_000)
  const firsts = [...new Set(made.sent.map(({ deliveryId }) => deliveryId))]
  expect(firsts).toEqual(records.map((record) => record.delivery.deliveryId))
})

const stopAt = (made: SimulatedWorld, replayId: string, offset: number) =>
  made.engine.offerOrder({ topic, partition: 0, offset }, { kind: 'stop', replayId }, made.clock.nowMs)

test('nothing more of a stopped replay is sent, wherever it waits, and other replays continue', () => {
  const made = world(() => ({ outcome: ok }))
  const records = replay('long', 300, 10)
  offer(made, records)
  offer(made, replay('other', 20, 10), 300)
  run(made, 2_000)
  stopAt(made, 'long', 320)
  const sent = made.sent.filter(({ replayId }) => replayId === 'long').length
  const late = replayOf(delivery('late', 'w', 'ana'), 'long', 10)
  offer(made, [late], 321)
  run(made, 60_000)
  expect(sent).toBeGreaterThan(10)
  expect(made.sent.filter(({ replayId }) => replayId === 'long')).toHaveLength(sent)
  expect(made.sent.filter(({ replayId }) => replayId === 'other')).toHaveLength(20)
  expect([made.engine.pool.count, made.engine.parking]).toEqual([0, 0])
  expect(made.deadLetters).toEqual([])
  // The stop's offset stays unfinished for a day, so that a successor reads its record again.
  expect(made.engine.takeCommits().find((each) => each.topic === topic)?.offset).toBe(320)
  run(made, 25 * 3_600_000)
  expect(made.engine.takeCommits().find((each) => each.topic === topic)?.offset).toBe(322)
}, 30_000)

test('a stop behind the commit is known at a takeover before the first record is read', () => {
  const made = world(() => ({ outcome: ok }))
  const records = replay('long', 300, 10)
  offer(made, records)
  run(made, 1_000)
  made.stopped.set('long', made.clock.nowMs)
  made.assign({ ...owned, fresh: true })
  const sent = made.sent.length
  offer(made, records)
  run(made, 60_000)
  expect(made.sent).toHaveLength(sent)
  expect([made.engine.pool.count, made.engine.parking]).toEqual([0, 0])
})

test("a replay's record has no due time, and a retry's record has one", async () => {
  const pending = { ...replayOf(delivery('d', 'w', 'ana'), 'r', 5), dueAt: 9_999 }
  const read = (value: PendingDelivery) => fromPending(() => ({ ok: true, value }))(Buffer.alloc(0), [])
  expect(await read(pending)).toMatchObject({ ok: true, value: { dueAt: 0, ratePerSecond: 5, replayId: 'r' } })
  expect(await read({ ...pending, why: 'retry' })).toMatchObject({ ok: true, value: { dueAt: 9_999 } })
})

test.each([
  [null, 10],
  [undefined, 10],
  [Number.NaN, 10],
  [-1, 0.1],
  [0, 0.1],
  [0.5, 0.5],
  [Number.POSITIVE_INFINITY, 1_000],
])('a replay whose record says a rate of %s is sent at %s a second', (told, rate) => {
  expect(limitRate(told)).toBe(rate)
})

test('every record of a replay says when its notification was given up before, also after a wait in webhook-parked', () => {
  const refused = { kind: 'refused' as const, status: 500, latencyMs: 1 }
  const made = world((id) => ({ outcome: id === 'long-0' ? refused : ok }))
  made.definitions.set('w', definition('w', { retryProfile: 'none' }))
  offer(
    made,
    replay('long', 300, 20).map((record, index) => ({ ...record, givenUpAt: index })),
  )
  run(made, 20_000)
  const ends = made.attempts.map(({ deliveryId, givenUpAt }) => [deliveryId, givenUpAt])
  expect(ends).toEqual(Array.from({ length: 300 }, (_unused, index) => [`long-${index}`, index]))
  expect(made.deadLetters).toMatchObject([{ reason: 'exhausted', givenUpAt: 0 }])
  made.definitions.set('w', definition('w', { enabled: false }))
  offer(made, [{ ...(replay('late', 1, 20)[0] as PendingDelivery), givenUpAt: 7 }], 300)
  run(made, 1_000)
  expect(made.deadLetters[1]).toMatchObject({ reason: 'disabled', givenUpAt: 7 })
})
