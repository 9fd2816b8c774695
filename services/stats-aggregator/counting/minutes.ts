import { greater, lesser, type MinuteCounts, minuteMs, startOfMinute, timesMinutes } from '../../domain/stats/stats.ts'
import { countValue } from '../../platform/histogram.ts'
import type { CountedAttempt } from './attempts.ts'
import { countOutcome, entryAt, noCounts } from './counts.ts'

/** Minutes kept per webhook: the newest with an attempt. */
export const keptMinutes = 60
/** Largest time in the histogram, which bounds its lists. An attempt takes half a minute at most. */
const longestTimeMs = 600_000

/** Counts an attempt in the minute in which it started, in place. @param minutes oldest first. */
export function countMinute(minutes: MinuteCounts[], attempt: CountedAttempt): void {
  const newestBefore = minutes.at(-1)?.minute
  const counts = entryAt(minutes, startOfMinute(attempt.startedAt), keptMinutes, readStart, emptyMinute)
  if (!counts) return
  const oldestWithTimes = (minutes.at(-1)?.minute ?? 0) - (timesMinutes - 1) * minuteMs
  if (minutes.at(-1)?.minute !== newestBefore) {
    forgetTimes(minutes, oldestWithTimes)
    trimTimes(minutes.at(-2))
  }
  countOutcome(counts, attempt)
  const responseMs = responseTime(attempt)
  if (responseMs === null) return
  counts.answered++
  counts.fastestMs = lesser(counts.fastestMs, responseMs)
  counts.slowestMs = greater(counts.slowestMs, responseMs)
  counts.totalMs += responseMs
  if (counts.minute < oldestWithTimes) return
  countValue({ values: counts.timesMs, counts: counts.timesCounts }, Math.min(responseMs, longestTimeMs))
}

function readStart({ minute }: MinuteCounts): number {
  return minute
}

function emptyMinute(minute: number): MinuteCounts {
  const times = { answered: 0, fastestMs: null, slowestMs: null, totalMs: 0, timesMs: [], timesCounts: [] }
  return { minute, ...noCounts(), ...times }
}

/** Drops the histograms of older minutes: percentiles cover 30 minutes only, and histograms are most of a state. */
function forgetTimes(minutes: MinuteCounts[], oldestWithTimes: number): void {
  for (const counts of minutes) {
    if (counts.minute >= oldestWithTimes) return
    counts.timesMs = []
    counts.timesCounts = []
  }
}

/**
 * Releases spare capacity. Lists that have grown reserve as much again, and the minute before the newest grows little.
 */
function trimTimes(counts: MinuteCounts | undefined): void {
  if (!counts) return
  counts.timesMs = counts.timesMs.slice()
  counts.timesCounts = counts.timesCounts.slice()
}

/**
 * Response time of an attempt; null without a response. A connection that was refused or timed out took time, but would
 * pass for a fast response.
 */
function responseTime({ outcome, status, latencyMs }: CountedAttempt): number | null {
  if (latencyMs === null || !Number.isFinite(latencyMs)) return null
  return outcome === 'error' && status === null ? null : Math.max(0, latencyMs)
}
