import type { AttemptEntry, DeadLetterEntry, ErrorEntry, PeriodCounts, Stats } from '../../domain/api/traffic.ts'
import { hourMs, type Totals } from '../../domain/stats/stats.ts'
import type { Rows } from './output.ts'
import { optional, outcomesText } from './webhook-rows.ts'

/** Statistics and logs as tables for people. */

/** Totals of the last hour, day and week: of the periods that started within them. */
export function sumSpans({ minutes, hours }: Pick<Stats, 'minutes' | 'hours'>, nowMs: number): Record<string, Totals> {
  return {
    'last hour': sumSince(minutes, nowMs - hourMs),
    'last day': sumSince(hours, nowMs - 24 * hourMs),
    'last week': sumSince(hours, nowMs - 168 * hourMs),
  }
}

function sumSince(counts: PeriodCounts[], sinceMs: number): Totals {
  const sum = { success: 0, slow: 0, error: 0, rejected: 0 }
  for (const count of counts) {
    if (Date.parse(count.start) < sinceMs) continue
    for (const outcome of Object.keys(sum) as (keyof Totals)[]) sum[outcome] += count[outcome]
  }
  return sum
}

export function sumCauses(counts: PeriodCounts[]): [string, number][] {
  const causes = new Map<string, number>()
  for (const { errors } of counts)
    for (const [cause, n] of Object.entries(errors)) causes.set(cause, (causes.get(cause) ?? 0) + n)
  return [...causes].sort(([, a], [, b]) => b - a)
}

export function statsRows(stats: Stats, nowMs: number): Rows {
  const { status, last30Minutes: times, hours } = stats
  const causes = sumCauses(hours).map(([cause, n]) => `${cause}: ${n}`)
  const responses = (['fastest', 'average', 'slowest', 'p50', 'p95', 'p99'] as const).map(
    (name) => `${name} ${milliseconds(times[`${name}Ms`])}`,
  )
  return {
    head: [],
    rows: [
      ['state', status.state],
      ...optional('blocked until', status.blockedUntil),
      ...optional('failures', status.failures || undefined),
      ...optional('parked', status.parked || undefined),
      ...optional('waiting', status.waiting || undefined),
      ['dead letters', status.deadLetters],
      ['undelivered', status.undelivered],
      ...Object.entries(sumSpans(stats, nowMs)).map(([span, outcomes]) => [span, outcomesText(outcomes)]),
      ...optional('errors of the week', causes.join(', ')),
      ['last 30 minutes', times.answered === 0 ? 'no answers' : `${times.answered} answers; ${responses.join(', ')}`],
      ['as of', stats.updatedAt ?? 'no attempt yet'],
    ],
    empty: '',
  }
}

export function errorRows(errors: ErrorEntry[]): Rows {
  return {
    head: ['AT', 'DELIVERY', 'ATTEMPT', 'CONTACT', 'CAUSE', 'STATUS', 'TOOK', 'ANSWER'],
    rows: errors.map((error) => [
      error.at,
      error.deliveryId,
      error.attempt,
      error.contactId,
      error.cause,
      error.status ?? '-',
      milliseconds(error.latencyMs),
      shortened(error.excerpt ?? ''),
    ]),
    empty: 'no errors',
  }
}

export function attemptRows(attempts: AttemptEntry[]): Rows {
  return {
    head: ['AT', 'DELIVERY', 'ATTEMPT', 'CONTACT', 'KIND', 'OUTCOME', 'CAUSE', 'STATUS', 'TOOK', 'NEXT'],
    rows: attempts.map((attempt) => [
      attempt.at,
      attempt.deliveryId,
      attempt.attempt,
      attempt.contactId,
      attempt.kind,
      attempt.outcome,
      attempt.cause ?? '-',
      attempt.status ?? '-',
      milliseconds(attempt.latencyMs),
      attempt.next,
    ]),
    empty: 'no attempts',
  }
}

export function deadLetterRows(deadLetters: DeadLetterEntry[]): Rows {
  return {
    head: ['AT', 'REASON', 'DELIVERY', 'CONTACT', 'KIND', 'ATTEMPTS', 'DETAIL'],
    rows: deadLetters.map(({ at, reason, deliveryId, contactId, kind, attempts, detail }) => [
      at,
      reason,
      deliveryId ?? '-',
      contactId ?? '-',
      kind ?? '-',
      attempts,
      shortened(detail ?? ''),
    ]),
    empty: 'no dead letters',
  }
}

const longestExcerpt = 80

function shortened(text: string): string {
  return text.length > longestExcerpt ? `${text.slice(0, longestExcerpt)}...` : text
}

function milliseconds(value: number | null): string {
  return value === null ? '-' : `${Math.round(value * 10) / 10} ms`
}
