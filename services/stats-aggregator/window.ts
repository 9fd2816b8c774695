import { greater, lesser, type MinuteCounts, startOfMinute } from '../domain/stats.ts'
import type { CountedAttempt } from './fold.ts'

/** Minutes kept of each webhook: the newest that had an attempt. */
export const keptMinutes = 60

/**
 * Counts an attempt in the minute in which it started. Which minutes are kept, and what is in them, does not depend on the
 * order of the attempts: a minute that is no longer among the newest 60 never becomes one of them again.
 * @param minutes oldest first.
 */
export function countAttempt(minutes: readonly MinuteCounts[], attempt: CountedAttempt): readonly MinuteCounts[] {
  const minute = startOfMinute(attempt.startedAt)
  const at = placeOf(minutes, minute)
  const counts = minutes[at]
  if (counts?.minute === minute) return minutes.with(at, addTo(counts, attempt))
  return minutes.toSpliced(at, 0, addTo(emptyMinute(minute), attempt)).slice(-keptMinutes)
}

/** Index of the minute, or where it belongs; from the end, as most attempts are of the newest one. */
function placeOf(minutes: readonly MinuteCounts[], minute: number): number {
  return minutes.findLastIndex((counts) => counts.minute < minute) + 1
}

function emptyMinute(minute: number): MinuteCounts {
  return {
    minute,
    success: 0,
    slow: 0,
    error: 0,
    rejected: 0,
    answered: 0,
    fastestMs: null,
    slowestMs: null,
    totalMs: 0,
  }
}

function addTo(counts: MinuteCounts, attempt: CountedAttempt): MinuteCounts {
  const responseMs = responseTime(attempt)
  return {
    ...counts,
    [attempt.outcome]: counts[attempt.outcome] + 1,
    answered: counts.answered + (responseMs === null ? 0 : 1),
    fastestMs: lesser(counts.fastestMs, responseMs),
    slowestMs: greater(counts.slowestMs, responseMs),
    totalMs: counts.totalMs + (responseMs ?? 0),
  }
}

/** A connection that was refused or timed out took time, but nobody answered: it would pass for the fastest response. */
function responseTime({ outcome, status, latencyMs }: CountedAttempt): number | null {
  return outcome === 'error' && status === null ? null : latencyMs
}
