import fc from 'fast-check'
import { expect, test } from 'vitest'
import { type MinuteCounts, minuteMs } from '../../../services/domain/stats/stats.ts'
import { computePercentiles, countValue, findBucket } from '../../../services/stats/histogram.ts'
import { responseTimes } from '../../../services/stats/response-times.ts'
import { countMinute } from '../../../services/stats-aggregator/counting/periods/minutes.ts'
import { attempt, startMs } from '../stats-aggregator/counting/attempts.ts'

const latency = fc.oneof(fc.double({ min: 0, max: 50, noNaN: true }), fc.double({ min: 0, max: 30_000, noNaN: true }))

/** Tolerance: half a millisecond of rounding, and the width of a bucket. */
const precisionMs = (ms: number) => 0.5 + Math.max(1, ms * 0.01)

test('percentiles equal those of the sorted times to within a bucket, and fastest, average and slowest are exact', () => {
  fc.assert(
    fc.property(fc.array(latency, { minLength: 1, maxLength: 300 }), (times) => {
      const minutes: MinuteCounts[] = []
      for (const [index, latencyMs] of times.entries())
        countMinute(minutes, attempt({ latencyMs, startedAt: startMs + (index % 30) * minuteMs }))
      const told = responseTimes(minutes, startMs + 29 * minuteMs)
      const sorted = times.toSorted((a, b) => a - b)
      const [fastest = 0, slowest = 0] = [sorted[0], sorted.at(-1)]
      expect([told.answered, told.fastestMs, told.slowestMs]).toEqual([times.length, fastest, slowest])
      expect(told.averageMs).toBeCloseTo(times.reduce((sum, ms) => sum + ms, 0) / times.length, 6)
      for (const [percent, ms] of [
        [50, told.p50Ms],
        [95, told.p95Ms],
        [99, told.p99Ms],
      ] as const) {
        const exact = sorted[Math.max(0, Math.ceil((percent / 100) * times.length) - 1)] ?? 0
        expect(Math.abs((ms ?? -1) - exact)).toBeLessThanOrEqual(precisionMs(exact))
      }
    }),
  )
})

test('a webhook with no answers has no percentiles', () => {
  const nothing = {
    answered: 0,
    fastestMs: null,
    averageMs: null,
    slowestMs: null,
    p50Ms: null,
    p95Ms: null,
    p99Ms: null,
  }
  expect(responseTimes([], startMs)).toEqual(nothing)
  expect(computePercentiles([], [50])).toEqual([])
})

test('buckets are counted in ascending order, whatever the order of values', () => {
  fc.assert(
    fc.property(fc.array(latency, { maxLength: 100 }), (values) => {
      const buckets = { values: [] as number[], counts: [] as number[] }
      for (const value of values) countValue(buckets, value)
      const expected = new Map<number, number>()
      for (const bucket of values.map(findBucket).toSorted((a, b) => a - b))
        expected.set(bucket, (expected.get(bucket) ?? 0) + 1)
      expect(buckets).toEqual({ values: [...expected.keys()], counts: [...expected.values()] })
    }),
  )
})
