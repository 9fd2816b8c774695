import type { AttemptOutcome, NotificationKind } from '../delivery/delivery.ts'

/** Statistics of one webhook, as in schemas/webhook-stats.avsc; times are milliseconds since the epoch. */

export type Totals = Record<AttemptOutcome, number>

export type Counts = Totals & {
  /** By cause; they add up to `error`. */
  errors: Record<string, number>
}

export type MinuteCounts = Counts & {
  /** Start of the minute. */
  minute: number
  /** Attempts that got an answer: the divisor of totalMs. */
  answered: number
  fastestMs: number | null
  slowestMs: number | null
  totalMs: number
  /** Response times as a histogram, ascending (platform/histogram.ts); empty in minutes that are too old for percentiles. */
  timesMs: number[]
  timesCounts: number[]
}

export type HourCounts = Counts & {
  /** Start of the hour. */
  hour: number
}

export type ResponseTimes = {
  answered: number
  fastestMs: number | null
  averageMs: number | null
  slowestMs: number | null
}

export type Percentiles = { p50Ms: number | null; p95Ms: number | null; p99Ms: number | null }

/** An attempt that failed, or that was not made because the address is refused. */
export type AttemptError = {
  /** Its start. */
  at: number
  deliveryId: string
  /** From 1. */
  attempt: number
  cause: string
  status: number | null
  latencyMs: number | null
  /** The first 512 bytes of the answer, or what went wrong without one. */
  excerpt: string | null
  kind: NotificationKind
  contactId: string
}

/** Where the last record that is counted stands in its topic. */
export type Source = {
  partition: number
  offset: number
  /** Topic id of the log that the offset is of; absent in what earlier versions wrote. */
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
  /** As of updatedAt: a reader who shows it later computes it anew from the minutes. */
  last30Minutes: ResponseTimes & Percentiles
  /** The latest 50, in the order of webhook-attempts. */
  latestErrors: AttemptError[]
  /** Fingerprints of the last attempts that are counted: one that stands twice in the topic counts once. */
  recentAttempts?: number[]
  source: Source
}

/** A record of webhook-dead-letter-counts. */
export type DeadLetterCounts = {
  webhookId: string
  /** null while no letter named one. */
  businessId?: string | null
  updatedAt: number
  /** The last 336 hours that had one, oldest first. */
  hours: { hour: number; count: number }[]
  source: Source
}

export const minuteMs = 60_000
export const hourMs = 60 * minuteMs
/** Minutes that response times are told of (contract.md, 1.8). */
export const timesMinutes = 30

export function startOfMinute(timeMs: number): number {
  return Math.floor(timeMs / minuteMs) * minuteMs
}

export function startOfHour(timeMs: number): number {
  return Math.floor(timeMs / hourMs) * hourMs
}

/** The minute that is running and the 29 before it. */
export function minutesOfTimes(minutes: readonly MinuteCounts[], nowMs: number): MinuteCounts[] {
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
  for (const counts of minutesOfTimes(minutes, nowMs)) {
    answered += counts.answered
    totalMs += counts.totalMs
    fastestMs = lesser(fastestMs, counts.fastestMs)
    slowestMs = greater(slowestMs, counts.slowestMs)
  }
  return { answered, fastestMs, averageMs: answered === 0 ? null : totalMs / answered, slowestMs }
}

/** null is no time at all. */
export function lesser(a: number | null, b: number | null): number | null {
  return a === null ? b : b === null ? a : Math.min(a, b)
}

export function greater(a: number | null, b: number | null): number | null {
  return a === null ? b : b === null ? a : Math.max(a, b)
}
