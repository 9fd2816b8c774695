import type { Attempt, AttemptOutcome } from '../../services/domain/delivery/delivery.ts'
import { greater, lesser, startOfHour, startOfMinute, type WebhookStats } from '../../services/domain/stats/stats.ts'

/** Statistics in a form that tests compare: those expected from the attempts, and those of a record. */

export type Figures = {
  /** Success, slow, error, rejected and errors by cause, by start in ISO format. */
  minutes: Record<string, object>
  hours: Record<string, object>
  answered: number
  fastestMs: number | null
  slowestMs: number | null
  totalMs: number
  /** The latest 50 errors: delivery id, cause, status, excerpt. */
  errors: unknown[][]
}

/**
 * Computes the figures the simple way: every attempt is read, and nothing is remembered between them. @param attempts
 * in their order, no tests.
 */
export function figuresOf(attempts: readonly Attempt[]): Figures {
  const times = attempts.filter(isAnswered).map(({ latencyMs }) => latencyMs ?? 0)
  return {
    minutes: grouped(attempts, ({ startedAt }) => startOfMinute(startedAt), 60),
    hours: grouped(attempts, ({ startedAt }) => startOfHour(startedAt), 168),
    answered: times.length,
    fastestMs: times.length === 0 ? null : Math.min(...times),
    slowestMs: times.length === 0 ? null : Math.max(...times),
    totalMs: times.reduce((sum, ms) => sum + ms, 0),
    errors: attempts
      .filter(({ outcome }) => outcome === 'error')
      .slice(-50)
      .map(({ deliveryId, cause, status, responseExcerpt }) => [deliveryId, cause, status, responseExcerpt]),
  }
}

export function figuresIn({ minutes, hours, latestErrors }: WebhookStats): Figures {
  const times = minutes.filter(({ answered }) => answered > 0)
  const counts = ({
    success,
    slow,
    error,
    rejected,
    errors,
  }: WebhookStats['hours'][number] | WebhookStats['minutes'][number]) => ({
    success,
    slow,
    error,
    rejected,
    errors,
  })
  return {
    minutes: Object.fromEntries(minutes.map((each) => [new Date(each.minute).toISOString(), counts(each)])),
    hours: Object.fromEntries(hours.map((each) => [new Date(each.hour).toISOString(), counts(each)])),
    answered: times.reduce((sum, { answered }) => sum + answered, 0),
    fastestMs: times.map(({ fastestMs }) => fastestMs).reduce(lesser, null),
    slowestMs: times.map(({ slowestMs }) => slowestMs).reduce(greater, null),
    totalMs: minutes.reduce((sum, { totalMs }) => sum + totalMs, 0),
    errors: latestErrors.map(({ deliveryId, cause, status, excerpt }) => [deliveryId, cause, status, excerpt]),
  }
}

/** Tolerance of a histogram's percentiles: half a millisecond of rounding, and a bucket of 1 % or 1 ms. */
export function isWithinPrecision(toldMs: number | null, exactMs: number): boolean {
  return toldMs !== null && Math.abs(toldMs - exactMs) <= 0.5 + Math.max(1, exactMs * 0.01)
}

export function percentileOf(times: readonly number[], percent: number): number {
  const sorted = times.toSorted((a, b) => a - b)
  return sorted[Math.max(0, Math.ceil((percent / 100) * sorted.length) - 1)] ?? 0
}

/** The time of an attempt without an answer is not a response time. */
function isAnswered({ outcome, status, latencyMs }: Pick<Attempt, 'outcome' | 'status' | 'latencyMs'>): boolean {
  return latencyMs !== null && !(outcome === 'error' && status === null)
}

function grouped(attempts: readonly Attempt[], startOf: (attempt: Attempt) => number, keep: number) {
  const groups = new Map<number, Record<AttemptOutcome, number> & { errors: Record<string, number> }>()
  for (const attempt of attempts) {
    const start = startOf(attempt)
    const counts = groups.get(start) ?? { success: 0, slow: 0, error: 0, rejected: 0, errors: {} }
    counts[attempt.outcome]++
    if (attempt.outcome === 'error' && attempt.cause !== null)
      counts.errors[attempt.cause] = (counts.errors[attempt.cause] ?? 0) + 1
    groups.set(start, counts)
  }
  const newest = [...groups].sort(([a], [b]) => a - b).slice(-keep)
  return Object.fromEntries(newest.map(([start, counts]) => [new Date(start).toISOString(), counts]))
}
