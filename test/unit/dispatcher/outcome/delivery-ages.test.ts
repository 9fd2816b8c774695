import { Registry } from 'prom-client'
import { expect, test } from 'vitest'
import { followUp } from '../../../../services/dispatcher/engine/follow-up.ts'
import { createItem } from '../../../../services/dispatcher/engine/item.ts'
import { createDispatcherMetrics } from '../../../../services/dispatcher/metrics.ts'
import type { AttemptSummary, Delivery } from '../../../../services/domain/delivery/delivery.ts'
import type { Outcome } from '../../../../services/domain/delivery/outcome.ts'
import { busy, ok, position, world } from '../../../support/engine-world.ts'
import { answeredAttempt } from '../../../support/sample-attempts.ts'
import { definition, delivery } from '../../../support/simulation.ts'

const age = 'hookline_dispatcher_delivery_age_seconds'
const nowMs = 1_700_000_100_000

function measured(engine = world(() => ({ outcome: ok })).engine, clockMs = () => nowMs) {
  const registry = new Registry()
  const metrics = createDispatcherMetrics([registry], () => engine, { maxHeldBytes: 1_000_000 }, clockMs)
  const value = async (series: string) => {
    const line = (await registry.metrics()).split('\n').find((each) => each.startsWith(`${series} `))
    return line === undefined ? undefined : Number(line.split(' ').at(-1))
  }
  const waiting = (state: string) => value(`hookline_dispatcher_oldest_waiting_seconds{state="${state}"}`)
  return { metrics, value, waiting }
}

/** Records of an attempt that starts now. */
function recordsOf(of: Delivery, outcome: Outcome, attempts: AttemptSummary[] = [], replayId: string | null = null) {
  const taken = { owner: { finish: () => {} }, tracked: { offset: 0, done: false } }
  const item = createItem({ delivery: of, replayId, ratePerSecond: null, position: position(0), taken, attempts })
  return followUp(
    item,
    { definition: definition('w'), offset: 0 },
    { outcome, startedAtMs: nowMs, transition: null },
    nowMs + 5,
    0.5,
  ).records
}

const published = (agoMs: number) => ({ ...delivery('d', 'w', 'c'), eventPublishedAt: nowMs - agoMs })

test('the age of a delivery runs from the publishing of its event to the end of its attempt', async () => {
  const { metrics, value } = measured()
  metrics.recorded(recordsOf(published(7_000), ok))
  expect(await value(`${age}_sum{attempt="first"}`)).toBeCloseTo(7.005)
  metrics.recorded(recordsOf(published(60_000), ok, [answeredAttempt]))
  expect(await value(`${age}_sum{attempt="later"}`)).toBeCloseTo(60.005)
})

test("the age of a delivery that lacks its event's time runs from its creation", async () => {
  const { metrics, value } = measured()
  metrics.recorded(recordsOf({ ...delivery('d', 'w', 'c'), createdAt: nowMs - 2_000 }, ok))
  expect(await value(`${age}_sum{attempt="first"}`)).toBeCloseTo(2.005)
})

test('the age of a delivery is 0 where its event was published by a clock that is ahead', async () => {
  const { metrics, value } = measured()
  metrics.recorded(recordsOf(published(-60_000), ok))
  expect(await value(`${age}_sum{attempt="first"}`)).toBe(0)
  expect(await value(`${age}_count{attempt="first"}`)).toBe(1)
})

test.each([
  ['a failed attempt', () => recordsOf(published(7_000), busy)],
  ['a replay', () => recordsOf(published(7_000), ok, [], 'replay-1')],
])('the ages of deliveries do not count %s', async (_what, records) => {
  const { metrics, value } = measured()
  metrics.recorded(records())
  expect(await value(`${age}_count{attempt="first"}`)).toBe(0)
})

test('the oldest waiting delivery is reported by state, and as 0 once nothing waits', async () => {
  const made = world((_id, attempt) => ({ outcome: attempt === 1 ? busy : ok }))
  const { waiting } = measured(made.engine, () => made.clock.nowMs)
  const startMs = made.clock.nowMs
  const created = (id: string, contact: string, agoMs: number) => ({
    ...delivery(id, 'w', contact),
    createdAt: startMs - agoMs,
  })
  made.engine.offer(position(0), created('head', 'c', 3_000))
  made.engine.offer(position(1), created('behind', 'c', 2_000))
  made.engine.offer(position(2), created('replayed', 'd', 90_000), [], 'replay-1')
  expect(await waiting('untried')).toBe(3)
  made.clock.runUntil(startMs + 1_000)
  expect([await waiting('tried'), await waiting('untried')]).toEqual([4, 3])
  made.clock.runUntil(startMs + 600_000)
  expect([await waiting('tried'), await waiting('untried')]).toEqual([0, 0])
})

test('the oldest record that was fetched and not taken counts until it is taken or its partition leaves', async () => {
  const { metrics, waiting } = measured()
  const record = (agoMs: number) => ({ timestampMs: nowMs - agoMs }) as never
  metrics.notTaken(0, record(4_000))
  metrics.notTaken(1, record(9_000))
  expect(await waiting('not_taken')).toBe(9)
  metrics.notTaken(1, undefined)
  expect(await waiting('not_taken')).toBe(4)
  metrics.forgetPartitions()
  expect(await waiting('not_taken')).toBe(0)
})

test('the bytes of held deliveries are reported beside their limit', async () => {
  const made = world(() => ({ outcome: ok, afterMs: 1_000 }))
  const { value } = measured(made.engine)
  expect(await value('hookline_dispatcher_held_bytes')).toBe(0)
  made.engine.offer(position(0), delivery('d', 'w', 'c'))
  expect(await value('hookline_dispatcher_held_bytes')).toBeGreaterThan(600)
  expect(await value('hookline_dispatcher_held_limit_bytes')).toBe(1_000_000)
})
