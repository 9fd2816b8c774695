import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { avroType } from '../../../../services/platform/avro/avro.ts'
import {
  attemptRules,
  type CountedAttempt,
  type StatsState,
  toRecord,
} from '../../../../services/stats-aggregator/counting/attempts.ts'
import { letterRules, toCounts } from '../../../../services/stats-aggregator/counting/dead-letters.ts'
import { cutToBytes } from '../../../../services/stats-aggregator/counting/short-texts.ts'
import { readSchema } from '../../../../services/topics/schemas.ts'
import { topics } from '../../../../services/topics/topic-map.ts'
import { alertLimits, attempt, startMs } from './attempts.ts'

const stats = avroType(readSchema(topics.webhookStats))
const rules = attemptRules(null, alertLimits)
const hourMs = 3_600_000
/** Kafka's default limit of a record, minus its framing. */
const maxBytes = 1_000_000
let serial = 0
const next = (fields: Partial<CountedAttempt> = {}) => attempt({ deliveryId: `msg_${serial++}`, ...fields })

function fold(attempts: CountedAttempt[], recordedMs = 0): StatsState {
  const [first = attempt()] = attempts
  const state = rules.begin(first.webhookId, first, { partition: 0, offset: 0 })
  for (const each of attempts) rules.add(state, each, recordedMs, state.source)
  return state
}
const bytesOf = (state: StatsState) => stats.toBuffer(toRecord(state, startMs)).length

describe('the size of a state', () => {
  const long = (letter: string) => letter.repeat(300_000)

  test('a state with the longest texts in every minute and hour fits into a record', () => {
    const attempts: CountedAttempt[] = []
    for (let hour = 0; hour < 168; hour++)
      for (let n = 0; n < 30; n++)
        attempts.push(
          next({
            startedAt: startMs - hour * hourMs,
            outcome: 'error',
            cause: `cause-${n}`,
            latencyMs: null,
            status: null,
          }),
        )
    // Every bucket of the histogram, in each of the 30 minutes that have one.
    for (let minute = 0; minute < 60; minute++)
      for (let latencyMs = 0; latencyMs < 700_000; latencyMs = Math.max(latencyMs + 1, Math.floor(latencyMs * 1.004)))
        attempts.push(next({ startedAt: startMs + minute * 60_000, latencyMs }))
    for (let n = 0; n < 60; n++)
      attempts.push(
        next({
          outcome: 'error',
          businessId: 'b1',
          deliveryId: `${n}${long('\ud83d')}`,
          contactId: long('\u20ac'),
          cause: long('c'),
          responseExcerpt: long('\uffff'),
          status: 503,
        }),
      )
    const bytes = bytesOf(fold(attempts))
    expect(bytes).toBeLessThan(maxBytes)
  }, 60_000)

  test('a state of any attempts fits into a record', () => {
    const text = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 40 }),
      fc.constantFrom('x'.repeat(3_000), '\ud800'.repeat(3_000), '__proto__', 'constructor'),
    )
    const number = fc.oneof(fc.double(), fc.constantFrom(null, 1e300, -1, Number.NaN, Number.POSITIVE_INFINITY))
    const one = fc.record({
      webhookId: fc.constant('w1'),
      businessId: fc.oneof(fc.constant('b1'), text),
      deliveryId: text,
      replayId: fc.option(text),
      kind: fc.constantFrom('message', 'status'),
      contactId: text,
      attempt: fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }),
      startedAt: fc.oneof(
        fc.maxSafeInteger(),
        fc.integer({ min: 0, max: 10 * hourMs }).map((ms) => startMs + ms),
      ),
      latencyMs: number,
      outcome: fc.constantFrom('success', 'slow', 'error', 'rejected'),
      cause: fc.option(text),
      status: fc.option(fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 })),
      responseExcerpt: fc.option(text),
      test: fc.constant(false),
      next: fc.constantFrom('none', 'deadLetter'),
      deliveryCreatedAt: fc.oneof(fc.maxSafeInteger(), fc.constant(startMs)),
      transition: fc.option(fc.constantFrom('blocked', 'unblocked', 'switched-off', 'unknown')),
      givenUpAt: fc.option(fc.maxSafeInteger()),
    })
    fc.assert(
      fc.property(fc.array(one, { minLength: 1, maxLength: 60 }), (attempts) => {
        expect(bytesOf(fold(attempts as CountedAttempt[], startMs))).toBeLessThan(maxBytes)
      }),
      { numRuns: 200 },
    )
  })

  test('a dead letter count of any letters fits into a record', () => {
    const letters = letterRules([])
    const delivery = { webhookId: 'w1', businessId: 'x'.repeat(300_000), deliveryId: '' }
    const source = { topic: 't', offset: 0, key: null }
    const letter = { deadLetteredAt: startMs, reason: 'disabled', delivery, attempts: [], source } as const
    const state = letters.begin('w1', letter, { partition: 0, offset: 0 })
    for (let n = 0; n < 1_200; n++) {
      const deadLetteredAt = startMs + (n % 400) * hourMs
      const givenUpAt = [null, -(2 ** 53) + 1, 2 ** 53 - 1, startMs][n % 4]
      const own = { ...delivery, deliveryId: `msg_${n}` }
      letters.add(state, { ...letter, deadLetteredAt, givenUpAt, delivery: own }, 0, state.source)
    }
    const type = avroType(readSchema(topics.webhookDeadLetterCounts))
    expect(type.toBuffer(toCounts(state, startMs)).length).toBeLessThan(20_000)
  })
})

test.each([
  ['short', 'short'],
  ['x'.repeat(300), 'x'.repeat(256)],
  ['\u20ac'.repeat(100), '\u20ac'.repeat(85)],
  [`${'x'.repeat(255)}\u20ac`, 'x'.repeat(255)],
  ['\ud83d\ude00'.repeat(65), '\ud83d\ude00'.repeat(64)],
  ['ok \ud83d', 'ok \ufffd'],
])('the text %s is cut to at most 256 bytes between characters', (text, cut) => {
  expect(cutToBytes(text, 256)).toBe(cut)
})

describe('names of causes', () => {
  test.each([
    ['constructor', 'constructor'],
    ['toString', 'other'],
    ['__proto__', 'other'],
    ['x'.repeat(17), 'other'],
  ])('the cause %s is counted as %s', (cause, name) => {
    const state = fold([next({ outcome: 'error', cause }), next({ outcome: 'error', cause })])
    expect(Object.entries(state.hours[0]?.errors ?? {})).toEqual([[name, 2]])
  })

  test('causes beyond the twentieth are counted as other', () => {
    const state = fold(Array.from({ length: 30 }, (_unused, n) => next({ outcome: 'error', cause: `c${n}` })))
    expect(Object.keys(state.hours[0]?.errors ?? {})).toHaveLength(21)
    expect(state.hours[0]?.errors.other).toBe(10)
  })
})

describe('attempts that occur twice in the topic', () => {
  test('an attempt that occurs twice is counted once, also within a batch and after a restart', () => {
    const batch = Array.from({ length: 60 }, () => next())
    const state = fold([...batch, ...batch])
    expect(state.minutes[0]?.success).toBe(60)
    const restored = structuredClone(state)
    for (const each of batch) expect(rules.add(restored, each, 0, restored.source)).toBe(false)
    expect(restored.minutes).toEqual(state.minutes)
    expect(restored.recentAttempts.length).toBeLessThanOrEqual(128)
  })

  test.each([
    ['the next try', { attempt: 2 }],
    ['a try that began later', { startedAt: startMs + 1 }],
    ['a replay', { replayId: 'r1' }],
    ['another delivery', { deliveryId: 'msg_other' }],
  ])('a repeated attempt is told apart from %s', (_what, changes) => {
    const first = next({ deliveryId: 'msg_same' })
    expect(fold([first, { ...first, ...changes }]).hours[0]?.success).toBe(2)
  })

  test('a repeated attempt is recognised by the readers of the record', () => {
    const state = fold([next(), next()])
    const read = stats.fromBuffer(stats.toBuffer(toRecord(state, startMs))) as { recentAttempts: number[] }
    expect(read.recentAttempts).toEqual(state.recentAttempts)
  })
})

describe('clocks that are ahead', () => {
  const recordedMs = startMs
  test.each([
    [4 * 60_000, startMs + 4 * 60_000],
    [6 * 60_000, startMs],
    [100 * hourMs, startMs],
    [-100 * hourMs, startMs - 100 * hourMs],
  ])('an attempt whose clock is %d ms ahead counts in the minute of %d', (aheadMs, minute) => {
    const state = fold([next({ startedAt: startMs + aheadMs })], recordedMs)
    expect(state.minutes.map((each) => each.minute)).toEqual([minute])
  })

  test('an attempt whose clock is ahead removes no real hour', () => {
    const real = Array.from({ length: 168 }, (_unused, n) => next({ startedAt: startMs - n * hourMs }))
    const ahead = Array.from({ length: 168 }, (_unused, n) => next({ startedAt: startMs + (n + 1) * hourMs }))
    const state = fold([...real, ...ahead], recordedMs)
    expect(state.hours[0]?.hour).toBe(startMs - 167 * hourMs)
    expect(state.hours.at(-1)).toMatchObject({ hour: startMs, success: 169 })
  })

  test('an attempt with an invalid start counts when it was recorded, or else is a fault', () => {
    expect(fold([next({ startedAt: -5 })], recordedMs).hours[0]?.hour).toBe(startMs)
    expect(() => fold([next({ startedAt: 2 ** 53 - 1 })], recordedMs * 1_000)).toThrow('is not a time')
  })

  test('a record without a time is no sign of the present time', () => {
    expect(fold([next({ startedAt: startMs + hourMs })], -1).hours[0]?.hour).toBe(startMs + hourMs)
  })
})

test('the dead letters of a webhook are counted from zero for another business', () => {
  const letters = letterRules([])
  const letter = (businessId: string | null) => ({
    deadLetteredAt: startMs,
    reason: 'exhausted' as const,
    delivery: businessId === null ? null : { webhookId: 'w1', businessId, deliveryId: 'msg_1' },
    attempts: [],
    source: { topic: 't', offset: 0, key: Buffer.from('w1') },
  })
  const state = letters.begin('w1', letter('b1'), { partition: 0, offset: 0 })
  for (const businessId of ['b1', null, 'b1']) letters.add(state, letter(businessId), 0, state.source)
  expect(state.hours).toEqual([{ hour: startMs, count: 3, withoutAttempt: 0 }])
  letters.add(state, letter('b2'), 0, state.source)
  expect(state).toMatchObject({ businessId: 'b2', hours: [{ hour: startMs, count: 1, withoutAttempt: 0 }] })
})
