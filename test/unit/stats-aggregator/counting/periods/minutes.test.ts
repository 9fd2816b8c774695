import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  last30Minutes,
  type MinuteCounts,
  minuteMs,
  startOfMinute,
} from '../../../../../services/domain/stats/stats.ts'
import { findBucket } from '../../../../../services/stats/histogram.ts'
import type { CountedAttempt } from '../../../../../services/stats-aggregator/counting/attempts.ts'
import { countMinute, keptMinutes } from '../../../../../services/stats-aggregator/counting/periods/minutes.ts'
import { attempt, attemptStreams, startMs } from '../attempts.ts'

function countAll(attempts: CountedAttempt[]): MinuteCounts[] {
  const minutes: MinuteCounts[] = []
  for (const attempt of attempts) countMinute(minutes, attempt)
  return minutes
}

describe('an attempt in its minute', () => {
  test.each([
    { outcome: 'success', status: 200, latencyMs: 12, answered: 1, totalMs: 12 },
    { outcome: 'slow', status: 200, latencyMs: 2_000, answered: 1, totalMs: 2_000 },
    { outcome: 'error', status: 503, latencyMs: 30, answered: 1, totalMs: 30 },
    { outcome: 'error', status: null, latencyMs: 10_000, answered: 0, totalMs: 0 },
    { outcome: 'rejected', status: null, latencyMs: null, answered: 0, totalMs: 0 },
  ] as const)(
    'an attempt of $outcome with status $status and $latencyMs ms is counted in its minute',
    ({ outcome, status, latencyMs, answered, totalMs }) => {
      const [counts, ...rest] = countAll([attempt({ outcome, status, latencyMs, startedAt: startMs + 59_999 })])
      const extremeMs = answered === 1 ? latencyMs : null

      expect(rest).toEqual([])
      expect(counts).toEqual({
        minute: startMs,
        success: 0,
        slow: 0,
        error: 0,
        rejected: 0,
        [outcome]: 1,
        answered,
        totalMs,
        fastestMs: extremeMs,
        slowestMs: extremeMs,
        errors: outcome === 'error' ? { other: 1 } : {},
        timesMs: answered === 1 ? [findBucket(latencyMs ?? 0)] : [],
        timesCounts: answered === 1 ? [1] : [],
        p50Ms: null,
        p95Ms: null,
      })
    },
  )

  test('an attempt adds to what its minute already holds', () => {
    const [counts] = countAll([30, 10, 20].map((latencyMs) => attempt({ latencyMs })))
    expect(counts).toMatchObject({ success: 3, answered: 3, fastestMs: 10, slowestMs: 30, totalMs: 60 })
  })
})

describe('the minutes that are kept', () => {
  const minutesOf = (counts: readonly MinuteCounts[]) => counts.map(({ minute }) => (minute - startMs) / minuteMs)
  const at = (minute: number) => attempt({ startedAt: startMs + minute * minuteMs })
  const hour = Array.from({ length: keptMinutes }, (_, minute) => minute + 1)

  test.each([
    { case: 'a late one within them is counted', minutes: [5, 9, 7], kept: [5, 7, 9] },
    { case: 'one older than the oldest is kept while there is room', minutes: [5, 0], kept: [0, 5] },
    { case: 'a 61st pushes the oldest out', minutes: [0, ...hour], kept: hour },
    { case: 'one older than all 60 is not counted', minutes: [...hour, 0], kept: hour },
    { case: 'minutes without attempts take no room', minutes: [0, 500], kept: [0, 500] },
  ])('the minutes that are kept: $case', ({ minutes, kept }) => {
    expect(minutesOf(countAll(minutes.map(at)))).toEqual(kept)
  })

  test('the minutes kept contain every attempt of the newest 60 minutes, whatever the order', () => {
    fc.assert(
      fc.property(attemptStreams(400), (attempts) => {
        const minutes = [...new Set(attempts.map(({ startedAt }) => startOfMinute(startedAt)))]
        const kept = minutes.sort((a, b) => a - b).slice(-keptMinutes)
        const counted = countAll(attempts)

        expect(counted.map(({ minute }) => minute)).toEqual(kept)
        for (const counts of counted) {
          const own = attempts.filter(({ startedAt }) => startOfMinute(startedAt) === counts.minute)
          expect(counts.success + counts.slow + counts.error + counts.rejected).toBe(own.length)
        }
        // Percentiles are those of the attempts that came before the histogram was dropped.
        const plain = (counts: MinuteCounts[]) => counts.map((each) => ({ ...each, p50Ms: null, p95Ms: null }))
        expect(plain(countAll(attempts.toReversed()))).toEqual(plain(counted))
        const newest = kept.at(-1) ?? 0
        for (const { minute, answered, timesCounts } of counted) {
          const timed = timesCounts.reduce((sum, count) => sum + count, 0)
          expect(timed).toBe(minute > newest - 30 * minuteMs ? answered : 0)
        }
      }),
    )
  })
})

describe('the last 30 minutes', () => {
  const nowMs = startMs + 40 * minuteMs + 30_000
  const counts = (minute: number, latencies: number[]) =>
    latencies.map((latencyMs) => attempt({ latencyMs, startedAt: startMs + minute * minuteMs }))

  test.each([
    { case: 'nothing', attempts: [], expected: [0, null, null, null] },
    { case: 'the running minute', attempts: counts(40, [10, 20]), expected: [2, 10, 15, 20] },
    {
      case: 'the 29th minute before, not the 30th',
      attempts: [...counts(10, [1]), ...counts(11, [5])],
      expected: [1, 5, 5, 5],
    },
    {
      case: 'not a minute that is still to come',
      attempts: [...counts(41, [1]), ...counts(40, [5])],
      expected: [1, 5, 5, 5],
    },
    {
      case: 'minutes weigh by their answers',
      attempts: [...counts(30, [10, 10, 10]), ...counts(40, [50])],
      expected: [4, 10, 20, 50],
    },
    {
      case: 'a minute without answers',
      attempts: [attempt({ outcome: 'rejected', latencyMs: null, status: null, startedAt: nowMs })],
      expected: [0, null, null, null],
    },
  ])('the last 30 minutes: $case', ({ attempts, expected }) => {
    const { answered, fastestMs, averageMs, slowestMs } = last30Minutes(countAll(attempts), nowMs)
    expect([answered, fastestMs, averageMs, slowestMs]).toEqual(expected)
  })
})

test('a minute keeps its percentiles when its histogram is dropped, half an hour later', () => {
  const latencies = Array.from({ length: 100 }, (_unused, index) => index + 1)
  const early = latencies.map((latencyMs) => attempt({ latencyMs }))
  const [held] = countAll(early)
  expect(held).toMatchObject({ p50Ms: null, p95Ms: null })
  const late = attempt({ startedAt: startMs + 30 * minuteMs, latencyMs: 500 })
  const [dropped, newest] = countAll([...early, late])
  expect(dropped).toMatchObject({ timesMs: [], timesCounts: [], p50Ms: 50, p95Ms: 95 })
  expect(newest).toMatchObject({ p50Ms: null, timesCounts: [1] })
})
