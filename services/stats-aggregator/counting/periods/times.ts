import type { Times } from '../../../domain/stats/stats.ts'
import { computePercentiles, countValue } from '../../../stats/histogram.ts'
import type { CountedAttempt } from '../attempts.ts'

/** Largest time in a histogram, which bounds its lists. An attempt takes half a minute at most. */
const longestTimeMs = 600_000

export function noTimes(): Required<Times> {
  return { timesMs: [], timesCounts: [], p50Ms: null, p95Ms: null }
}

export function countTime({ timesMs, timesCounts }: Times, responseMs: number): void {
  countValue({ values: timesMs, counts: timesCounts }, Math.min(responseMs, longestTimeMs))
}

/** Replaces a histogram by its percentiles, in place: histograms are most of a state. */
export function keepPercentiles(times: Times): void {
  if (times.timesMs.length === 0) return
  const [p50Ms = null, p95Ms = null] = computePercentiles(
    [{ values: times.timesMs, counts: times.timesCounts }],
    [50, 95],
  )
  Object.assign(times, { timesMs: [], timesCounts: [], p50Ms, p95Ms } satisfies Times)
}

/**
 * Response time of an attempt; null without a response. A connection that was refused or timed out took time, but would
 * pass for a fast response.
 */
export function responseTime({ outcome, status, latencyMs }: CountedAttempt): number | null {
  if (latencyMs === null || !Number.isFinite(latencyMs)) return null
  return outcome === 'error' && status === null ? null : Math.max(0, latencyMs)
}
