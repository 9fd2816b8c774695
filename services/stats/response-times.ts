import {
  last30Minutes,
  type MinuteCounts,
  type Percentiles,
  type ResponseTimes,
  recentMinutes,
} from '../domain/stats/stats.ts'
import { computePercentiles } from './histogram.ts'

/**
 * Response times of the current minute and the 29 before it, with percentiles. The aggregator and admin both use it.
 */
export function responseTimes(minutes: readonly MinuteCounts[], nowMs: number): ResponseTimes & Percentiles {
  const times = last30Minutes(minutes, nowMs)
  const { fastestMs, slowestMs } = times
  const buckets = recentMinutes(minutes, nowMs).map(({ timesMs, timesCounts }) => ({
    values: timesMs,
    counts: timesCounts,
  }))
  // The extremes are known exactly, so no percentile lies beyond them because of its bucket.
  const [p50Ms = null, p95Ms = null, p99Ms = null] = computePercentiles(buckets, [50, 95, 99]).map((ms) =>
    Math.min(Math.max(ms, fastestMs ?? ms), slowestMs ?? ms),
  )
  return { ...times, p50Ms, p95Ms, p99Ms }
}
