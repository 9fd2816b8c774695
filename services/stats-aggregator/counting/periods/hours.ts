import { type HourCounts, startOfHour, type Times } from '../../../domain/stats/stats.ts'
import type { CountedAttempt } from '../attempts.ts'
import { countOutcome, entryAt, noCounts, readHour } from './counts.ts'
import { countTime, keepPercentiles, noTimes, responseTime } from './times.ts'

/** Hours kept per webhook: the newest with an attempt, a week of them. */
const keptHours = 168

/**
 * Counts an attempt in the hour in which it started, in place. Response times count in the newest hour only: the ones
 * before it keep their percentiles. @param hours oldest first.
 */
export function countHour(hours: HourCounts[], attempt: CountedAttempt): void {
  const newestBefore = hours.at(-1)
  const counts = entryAt(hours, startOfHour(attempt.startedAt), keptHours, readHour, emptyHour)
  if (!counts) return
  countOutcome(counts, attempt)
  if (counts !== hours.at(-1)) return
  if (newestBefore && newestBefore !== counts) keepPercentiles(withTimes(newestBefore))
  const responseMs = responseTime(attempt)
  if (responseMs !== null) countTime(withTimes(counts), responseMs)
}

/** The response times of an hour; those of an hour that an earlier version has begun begin now. */
function withTimes(counts: HourCounts): Times {
  counts.timesMs ??= []
  counts.timesCounts ??= []
  return counts as Times
}

function emptyHour(hour: number): HourCounts {
  return { hour, ...noCounts(), ...noTimes() }
}
