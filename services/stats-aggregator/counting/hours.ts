import { type HourCounts, startOfHour } from '../../domain/stats/stats.ts'
import type { CountedAttempt } from './attempts.ts'
import { countOutcome, entryAt, noCounts } from './counts.ts'

/** Hours kept per webhook: the newest with an attempt, a week of them. */
const keptHours = 168

/** Counts an attempt in the hour in which it started, in place. @param hours oldest first. */
export function countHour(hours: HourCounts[], attempt: CountedAttempt): void {
  const counts = entryAt(hours, startOfHour(attempt.startedAt), keptHours, readStart, emptyHour)
  if (counts) countOutcome(counts, attempt)
}

function readStart({ hour }: HourCounts): number {
  return hour
}

function emptyHour(hour: number): HourCounts {
  return { hour, ...noCounts() }
}
