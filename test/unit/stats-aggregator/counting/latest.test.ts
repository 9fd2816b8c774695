import { describe, expect, test } from 'vitest'
import type { AttemptError, HourCounts } from '../../../../services/domain/stats/stats.ts'
import { keepError } from '../../../../services/stats-aggregator/counting/latest-errors.ts'
import { countHour } from '../../../../services/stats-aggregator/counting/periods/hours.ts'
import { pauseMs } from '../../../../services/stats-aggregator/fold/flusher.ts'
import { attempt, startMs } from './attempts.ts'

const hourMs = 3_600_000

describe('hours', () => {
  function countAll(attempts: ReturnType<typeof attempt>[]): HourCounts[] {
    const hours: HourCounts[] = []
    for (const each of attempts) countHour(hours, each)
    return hours
  }

  test('an hour holds the four outcomes, with errors by cause', () => {
    const at = (hour: number, fields: object) => attempt({ startedAt: startMs + hour * hourMs, ...fields })
    const hours = countAll([
      at(0, {}),
      at(0.99, { outcome: 'slow' }),
      at(1, { outcome: 'error', cause: 'timeout' }),
      at(1, { outcome: 'error', cause: '5xx' }),
      at(1, { outcome: 'error', cause: '5xx' }),
      at(0, { outcome: 'rejected', cause: 'breaker' }),
    ])
    expect(hours).toMatchObject([
      { hour: startMs, success: 1, slow: 1, error: 0, rejected: 1, errors: {} },
      { hour: startMs + hourMs, success: 0, slow: 0, error: 3, rejected: 0, errors: { timeout: 1, '5xx': 2 } },
    ])
  })

  test('an hour has percentiles once a later hour has begun; a late attempt counts, without its time', () => {
    const at = (hour: number, latencyMs: number) => attempt({ startedAt: startMs + hour * hourMs, latencyMs })
    const hours = countAll([at(0, 10), at(0, 20), at(0, 90), at(1, 7), at(0, 500), at(1, 9)])
    expect(hours).toMatchObject([
      { success: 4, timesMs: [], timesCounts: [], p50Ms: 20, p95Ms: 90 },
      { success: 2, timesMs: [7, 9], timesCounts: [1, 1], p50Ms: null, p95Ms: null },
    ])
  })

  test('an hour that an earlier version has begun has percentiles of the attempts from then on', () => {
    const hours: HourCounts[] = [{ hour: startMs, success: 1, slow: 0, error: 0, rejected: 0, errors: {} }]
    countHour(hours, attempt({ latencyMs: 30 }))
    countHour(hours, attempt({ startedAt: startMs + hourMs }))
    expect(hours[0]).toMatchObject({ success: 2, p50Ms: 30 })
  })

  test('hours are kept for a week', () => {
    const week = Array.from({ length: 170 }, (_, hour) => attempt({ startedAt: startMs + hour * hourMs }))
    const hours = countAll(week)
    expect([hours.length, hours[0]?.hour]).toEqual([168, startMs + 2 * hourMs])
  })
})

describe('the latest errors', () => {
  function keepAll(attempts: ReturnType<typeof attempt>[]): AttemptError[] {
    const errors: AttemptError[] = []
    for (const each of attempts) keepError(errors, each)
    return errors
  }

  test.each([
    { outcome: 'error', cause: '5xx', kept: true },
    { outcome: 'error', cause: 'timeout', kept: true },
    { outcome: 'rejected', cause: 'address', kept: true },
    { outcome: 'rejected', cause: 'breaker', kept: false },
    { outcome: 'rejected', cause: 'expired', kept: false },
    { outcome: 'slow', cause: null, kept: false },
    { outcome: 'success', cause: null, kept: false },
  ] as const)('an attempt with $outcome, $cause is kept among the latest errors: $kept', ({ outcome, cause, kept }) => {
    expect(keepAll([attempt({ outcome, cause })])).toHaveLength(kept ? 1 : 0)
  })

  test('a latest error tells what happened', () => {
    const failed = attempt({
      outcome: 'error',
      cause: '5xx',
      status: 503,
      responseExcerpt: 'x'.repeat(600),
      attempt: 3,
    })
    expect(keepAll([failed])).toEqual([
      {
        at: startMs,
        deliveryId: 'msg_1',
        attempt: 3,
        cause: '5xx',
        status: 503,
        latencyMs: 10,
        excerpt: 'x'.repeat(512),
        kind: 'message',
        contactId: 'u1',
      },
    ])
  })

  test('at most 50 latest errors are kept', () => {
    const many = Array.from({ length: 60 }, (_, number) => attempt({ outcome: 'error', deliveryId: `msg_${number}` }))
    expect(keepAll(many).map(({ deliveryId }) => deliveryId)).toEqual(
      Array.from({ length: 50 }, (_, number) => `msg_${number + 10}`),
    )
  })
})

test.each([
  { writtenBytes: 0, intervalMs: 1_000, pause: 1_000 },
  { writtenBytes: 2_000_000, intervalMs: 1_000, pause: 1_000 },
  { writtenBytes: 6_000_000, intervalMs: 1_000, pause: 3_000 },
])('after writing $writtenBytes bytes, the next flush follows in $pause ms', ({ writtenBytes, intervalMs, pause }) => {
  expect(pauseMs(writtenBytes, intervalMs)).toBe(pause)
})
