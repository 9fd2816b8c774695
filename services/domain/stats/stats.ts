import type { AttemptOutcome, NotificationKind } from '../delivery/delivery.ts'
import type { Alert, TroubleState } from './alert.ts'

/** Statistics of one webhook, as in schemas/webhook-stats.avsc. Times are milliseconds since the epoch. */

export type Totals = Record<AttemptOutcome, number>

export type Counts = Totals & {
  /** Errors by cause; they add up to `error`. */
  errors: Record<string, number>
}

export type MinuteCounts = Counts & {
  /** Start of the minute. */
  minute: number
  /** Attempts with a response: the divisor of totalMs. */
  answered: number
  fastestMs: number | null
  slowestMs: number | null
  totalMs: number
} & Times

/** Response times of a minute or an hour. */
export type Times = {
  /** Histogram, ascending (stats/histogram.ts); empty in minutes and hours of which only the percentiles are kept. */
  timesMs: number[]
  timesCounts: number[]
  /** Percentiles of a histogram that is not kept any more; null without one. Absent in records of earlier versions. */
  p50Ms?: number | null
  p95Ms?: number | null
}

export type HourCounts = Counts & {
  /** Start of the hour. */
  hour: number
} & Partial<Times>

/** Change in the number of undelivered notifications that were given up in an hour; below 0 when folds are to be added. */
export type GivenUpHour = {
  /** Start of the hour. */
  hour: number
  change: number
}

export type ResponseTimes = {
  answered: number
  fastestMs: number | null
  averageMs: number | null
  slowestMs: number | null
}

export type Percentiles = { p50Ms: number | null; p95Ms: number | null; p99Ms: number | null }

/** A failed attempt, or one that was rejected because of its address. */
export type AttemptError = {
  /** Start of the attempt. */
  at: number
  deliveryId: string
  /** Number of the attempt, from 1. */
  attempt: number
  cause: string
  status: number | null
  latencyMs: number | null
  /** The first 512 bytes of the response, or the reason why there was none. */
  excerpt: string | null
  kind: NotificationKind
  contactId: string
}

/** Position of the last counted record in its topic. */
export type SourcePosition = {
  partition: number
  offset: number
  /** Topic id of the log that the offset belongs to; absent in records of earlier versions. */
  logId?: string | null
}

/** A record of webhook-stats. */
export type WebhookStats = {
  webhookId: string
  businessId: string
  updatedAt: number
  /** The last 60 minutes that had an attempt, oldest first. */
  minutes: MinuteCounts[]
  /** The last 168 hours that had an attempt, oldest first. */
  hours: HourCounts[]
  /** By attempts; the last 336 hours that have any, oldest first. Absent in records of earlier versions. */
  givenUp?: GivenUpHour[]
  /** As of updatedAt. A reader that shows it later recomputes it from the minutes. */
  last30Minutes: ResponseTimes & Percentiles
  /** The latest 50, in the order of webhook-attempts. */
  latestErrors: AttemptError[]
  /** Fingerprints of the last counted attempts, so that an attempt recorded twice counts once. */
  recentAttempts?: number[]
  /** State from which the next alerts follow; absent in records of earlier versions. */
  trouble?: TroubleState | null
  /** The latest 20 alerts, oldest first. */
  alerts?: Alert[]
  source: SourcePosition
}

export type LetterHour = {
  /** Start of the hour. */
  hour: number
  /** Dead letters of the hour. */
  count: number
  /**
   * The change (GivenUpHour) by letters without an attempt; null in records of earlier versions, where it equals count.
   */
  withoutAttempt?: number | null
}

/** A record of webhook-dead-letter-counts. */
export type DeadLetterCounts = {
  webhookId: string
  /** null while no dead letter has named a business. */
  businessId?: string | null
  updatedAt: number
  /** The last 336 hours that had a dead letter, oldest first. */
  hours: LetterHour[]
  /** Fingerprints of the last letters without an attempt, so that one that was written twice counts once. */
  recentLetters?: number[]
  source: SourcePosition
}

/**
 * Number of notifications that were given up within the last hours and not delivered since.
 * @param hours the retention of webhook-dead-letters.
 */
export function countUndelivered(
  stats: Pick<WebhookStats, 'givenUp'> | undefined,
  letters: Pick<DeadLetterCounts, 'hours'> | undefined,
  nowMs: number,
  hours: number,
): number {
  const oldestMs = nowMs - hours * hourMs
  let undelivered = 0
  for (const { hour, change } of stats?.givenUp ?? []) if (hour > oldestMs) undelivered += change
  for (const { hour, count, withoutAttempt } of letters?.hours ?? [])
    if (hour > oldestMs) undelivered += withoutAttempt ?? count
  return Math.max(0, undelivered)
}

export const minuteMs = 60_000
export const hourMs = 60 * minuteMs
/** Number of minutes that response times cover (contract.md, 1.8). */
export const timesMinutes = 30

export function startOfMinute(timeMs: number): number {
  return Math.floor(timeMs / minuteMs) * minuteMs
}

export function startOfHour(timeMs: number): number {
  return Math.floor(timeMs / hourMs) * hourMs
}

/** The current minute and the 29 before it. */
export function recentMinutes(minutes: readonly MinuteCounts[], nowMs: number): MinuteCounts[] {
  const newest = startOfMinute(nowMs)
  const oldest = newest - (timesMinutes - 1) * minuteMs
  return minutes.filter(({ minute }) => minute >= oldest && minute <= newest)
}

/** Response times of the last 30 minutes. */
export function last30Minutes(minutes: readonly MinuteCounts[], nowMs: number): ResponseTimes {
  let answered = 0
  let totalMs = 0
  let fastestMs: number | null = null
  let slowestMs: number | null = null
  for (const counts of recentMinutes(minutes, nowMs)) {
    answered += counts.answered
    totalMs += counts.totalMs
    fastestMs = lesser(fastestMs, counts.fastestMs)
    slowestMs = greater(slowestMs, counts.slowestMs)
  }
  return { answered, fastestMs, averageMs: answered === 0 ? null : totalMs / answered, slowestMs }
}

/** The lesser of two values; null stands for no value. */
export function lesser(a: number | null, b: number | null): number | null {
  return a === null ? b : b === null ? a : Math.min(a, b)
}

export function greater(a: number | null, b: number | null): number | null {
  return a === null ? b : b === null ? a : Math.max(a, b)
}
