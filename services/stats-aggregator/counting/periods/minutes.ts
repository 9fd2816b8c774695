import {
  greater,
  lesser,
  type MinuteCounts,
  minuteMs,
  startOfMinute,
  timesMinutes,
} from '../../../domain/stats/stats.ts'
import type { CountedAttempt } from '../attempts.ts'
import { countOutcome, entryAt, noCounts } from './counts.ts'
import { countTime, keepPercentiles, noTimes, responseTime } from './times.ts'

/** Minutes kept per webhook: the newest with an attempt. */
export const keptMinutes = 60

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
  countTime(counts, responseMs)
}

function readStart({ minute }: MinuteCounts): number {
  return minute
}

function emptyMinute(minute: number): MinuteCounts {
  const times = { answered: 0, fastestMs: null, slowestMs: null, totalMs: 0, ...noTimes() }
  return { minute, ...noCounts(), ...times }
}

/** Drops the histograms of older minutes: the percentiles of several minutes together cover 30 minutes only. */
function forgetTimes(minutes: MinuteCounts[], oldestWithTimes: number): void {
  for (const counts of minutes) {
    if (counts.minute >= oldestWithTimes) return
    keepPercentiles(counts)
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
