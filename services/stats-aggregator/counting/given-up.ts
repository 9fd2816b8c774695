import { type GivenUpHour, startOfHour } from '../../domain/stats/stats.ts'
import type { CountedAttempt } from './attempts.ts'
import { computeEndMs } from './end-of-attempt.ts'
import { entryAt, readHour } from './periods/counts.ts'

/** Hours kept: 14 days, the longest retention of webhook-dead-letters. */
export const keptLetterHours = 336

/**
 * Counts an attempt among the undelivered notifications, in place. One that gives its notification up adds it to the hour
 * of its end. In a replay of a notification that was given up before, a success takes it from the hour of that time, and
 * another end moves it. So a notification counts once, however often it is given up.
 */
export function countGivenUp(hours: GivenUpHour[], attempt: CountedAttempt): void {
  const { outcome, next, givenUpAt = null } = attempt
  const isDelivered = outcome === 'success' || outcome === 'slow'
  const isGivenUp = next === 'deadLetter'
  if (isGivenUp) change(hours, computeEndMs(attempt), 1)
  if (givenUpAt !== null && (isGivenUp || isDelivered)) change(hours, timeBefore(attempt.startedAt, givenUpAt), -1)
}

/** A time when a notification was given up before. One that is later, or none at all, would displace hours. */
export function timeBefore(timeMs: number, givenUpAt: number): number {
  return Math.min(Math.max(0, givenUpAt), timeMs)
}

function change(hours: GivenUpHour[], timeMs: number, by: 1 | -1): void {
  const entry = entryAt(hours, startOfHour(timeMs), keptLetterHours, readHour, emptyHour)
  if (entry) entry.change += by
}

function emptyHour(hour: number): GivenUpHour {
  return { hour, change: 0 }
}
