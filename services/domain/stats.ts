/** Statistics of one webhook, as in schemas/webhook-stats.avsc; times are milliseconds since the epoch. */

export type MinuteCounts = {
  /** Start of the minute. */
  minute: number
  success: number
  slow: number
  error: number
  rejected: number
  /** Attempts that got an answer: the divisor of totalMs. */
  answered: number
  fastestMs: number | null
  slowestMs: number | null
  totalMs: number
}

export type ResponseTimes = {
  answered: number
  fastestMs: number | null
  averageMs: number | null
  slowestMs: number | null
}

/** A record of webhook-stats. */
export type WebhookStats = {
  webhookId: string
  businessId: string
  updatedAt: number
  /** The last 60 minutes that had an attempt, oldest first. */
  minutes: MinuteCounts[]
  /** As of updatedAt: a reader who shows it later computes it anew from the minutes. */
  last30Minutes: ResponseTimes
  /** The last record of webhook-attempts that is counted. */
  source: { partition: number; offset: number }
}

export const minuteMs = 60_000
const spanMinutes = 30

export function startOfMinute(timeMs: number): number {
  return Math.floor(timeMs / minuteMs) * minuteMs
}

/** Response times of the minute that is running and the 29 before it (contract.md, 1.8). */
export function last30Minutes(minutes: readonly MinuteCounts[], nowMs: number): ResponseTimes {
  const newest = startOfMinute(nowMs)
  const oldest = newest - (spanMinutes - 1) * minuteMs
  let answered = 0
  let totalMs = 0
  let fastestMs: number | null = null
  let slowestMs: number | null = null
  for (const counts of minutes) {
    if (counts.minute < oldest || counts.minute > newest) continue
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
