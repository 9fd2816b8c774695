import { describe, expect, test } from 'vitest'
import {
  attemptRules,
  type CountedAttempt,
  toRecord,
  toState,
} from '../../../../services/stats-aggregator/counting/attempts.ts'
import {
  type CountedLetter,
  letterRules,
  toCounts,
  toLetterState,
} from '../../../../services/stats-aggregator/counting/dead-letters.ts'
import type { FoldRules, FoldState } from '../../../../services/stats-aggregator/fold/fold-rules.ts'
import { PartitionFold } from '../../../../services/stats-aggregator/fold/partition-fold.ts'
import { alertLimits, attempt, startMs } from '../counting/attempts.ts'

const source = (offset: number) => ({ partition: 3, offset })
const hour = 3_600_000

function folded<V, S extends FoldState>(rules: FoldRules<V, S>, values: V[], stored?: S): S | undefined {
  const fold = new PartitionFold(3, rules, () => stored && structuredClone(stored))
  for (const [offset, value] of values.entries()) fold.take(offset, value, 0)
  return fold.takeFlush().states[0]
}

const stateOf = (attempts: CountedAttempt[]) => folded(attemptRules(null, alertLimits), attempts)

describe('a state up to offset 7', () => {
  test.each([
    { case: 'the next attempt', offset: 8, changes: {}, counted: true },
    { case: 'an attempt further on', offset: 800, changes: {}, counted: true },
    { case: 'the attempt that it ended with', offset: 7, changes: {}, counted: false },
    { case: 'an earlier attempt', offset: 6, changes: {}, counted: false },
    { case: 'a test notification', offset: 8, changes: { test: true }, counted: false },
    {
      case: 'a superseded status',
      offset: 8,
      changes: { outcome: 'rejected' as const, cause: 'superseded' },
      counted: false,
    },
  ])('a state up to offset 7 counts an attempt only once: $case: $counted', ({ offset, changes, counted }) => {
    const rules = attemptRules(null, alertLimits)
    const stored = rules.begin('w1', attempt(), source(7))
    rules.add(stored, attempt(), 0, source(7))
    const fold = new PartitionFold(3, rules, () => structuredClone(stored))
    expect(fold.take(offset, attempt({ deliveryId: 'msg_2', ...changes }), 0)).toBe(counted)
    const [state = stored] = fold.takeFlush().states
    expect(state.minutes[0]?.success).toBe(counted ? 2 : 1)
    expect(state.source).toEqual(source(counted ? offset : 7))
  })
})

test('a webhook that had only test notifications has no statistics', () => {
  expect(stateOf([attempt({ test: true })])).toBeUndefined()
})

test('the business of the statistics is the one that the attempts name', () => {
  expect(stateOf([attempt({ businessId: 'b7' })])?.businessId).toBe('b7')
})

test('only what was folded is stored, and time matters only for what follows from it', () => {
  const state = stateOf([attempt(), attempt({ attempt: 2, outcome: 'error', cause: '5xx', status: 503 })])
  if (!state) throw new Error('not counted')
  const record = toRecord(state, startMs + 5)
  const times = { answered: 2, fastestMs: 10, averageMs: 10, slowestMs: 10, p50Ms: 10, p95Ms: 10, p99Ms: 10 }

  expect(record.updatedAt).toBe(startMs + 5)
  expect(record.last30Minutes).toEqual(times)
  expect(toState(record)).toEqual(state)
})

test('a stored state that does not change leaves memory, and returns with the next attempt', () => {
  const rules = attemptRules(null, alertLimits)
  let stored: ReturnType<typeof rules.begin> | undefined
  const fold = new PartitionFold(3, rules, () => structuredClone(stored))
  fold.take(0, attempt(), 0)
  fold.forget(() => true)
  expect(fold.size).toBe(1)
  const [flushed] = fold.takeFlush().states
  fold.forget(() => false)
  expect(fold.size).toBe(1)
  stored = structuredClone(flushed)
  fold.forget(() => true)
  expect(fold.size).toBe(0)
  fold.take(1, attempt({ deliveryId: 'msg_2' }), 0)
  expect(fold.takeFlush().states[0]?.minutes[0]?.success).toBe(2)
})

describe('another threshold for slow', () => {
  test.each([
    { outcome: 'success', latencyMs: 499, as: 'success' },
    { outcome: 'success', latencyMs: 500, as: 'slow' },
    { outcome: 'slow', latencyMs: 499, as: 'success' },
    { outcome: 'slow', latencyMs: 9_000, as: 'slow' },
    { outcome: 'error', latencyMs: 9_000, as: 'error' },
    { outcome: 'rejected', latencyMs: null, as: 'rejected' },
  ] as const)(
    'with a threshold of 500 ms, $outcome after $latencyMs ms is counted as $as',
    ({ outcome, latencyMs, as }) => {
      const state = folded(attemptRules(500, alertLimits), [attempt({ outcome, latencyMs })])
      const counts = { success: 0, slow: 0, error: 0, rejected: 0, [as]: 1 }
      expect(state?.minutes).toMatchObject([counts])
      expect(state?.hours).toMatchObject([counts])
    },
  )
})

describe('dead letters', () => {
  const letter = (fields: Partial<CountedLetter> = {}): CountedLetter => ({
    deadLetteredAt: startMs,
    reason: 'exhausted',
    delivery: { webhookId: 'w1', businessId: 'b1', deliveryId: 'msg_1' },
    attempts: [],
    source: { topic: 'webhook-deliveries', offset: 0, key: null },
    ...fields,
  })
  const unreadable = (topic: string) => letter({ delivery: null, source: { topic, offset: 0, key: Buffer.from('w1') } })

  test.each([
    { case: 'a notification', value: letter(), counted: true },
    { case: 'an unreadable notification', value: unreadable('webhook-deliveries'), counted: true },
    { case: 'an unreadable attempt', value: unreadable('webhook-attempts'), counted: true },
    { case: "an unreadable event, which is no webhook's", value: unreadable('message-events'), counted: false },
    { case: 'a record without a key', value: letter({ delivery: null }), counted: false },
  ])('dead letters are counted: $case: $counted', ({ value, counted }) => {
    expect(letterRules(['message-events']).findWebhook(value)).toBe(counted ? 'w1' : null)
  })

  test('dead letters are counted by hour, for the newest 336 hours', () => {
    const times = [startMs, startMs + 1, startMs - hour, startMs - 336 * hour]
    const state = folded(
      letterRules([]),
      times.map((deadLetteredAt) => letter({ deadLetteredAt })),
    )
    if (!state) throw new Error('not counted')
    expect(state.hours.map(({ hour: start, count }) => [(start - startMs) / hour, count])).toEqual([
      [-336, 1],
      [-1, 1],
      [0, 2],
    ])
    expect(toLetterState(toCounts(state, startMs))).toEqual(state)
  })
})

test('the counts of a webhook begin at zero when its id moves to another business', () => {
  const error = { outcome: 'error', cause: '5xx', status: 503 } as const
  const state = stateOf([attempt(error), attempt({ ...error, attempt: 2, businessId: 'b2', contactId: 'of-b2' })])
  expect(state).toMatchObject({ businessId: 'b2', minutes: [{ error: 1 }], hours: [{ error: 1 }] })
  expect(state?.latestErrors.map(({ contactId }) => contactId)).toEqual(['of-b2'])
})
