import { startOfMinute } from '../../../../../domain/stats/stats.ts'
import type { AttemptFilter } from '../../../api/types.ts'

/**
 * Filter as in the page's address; empty values are not set. since and until are a period of its own, instead of a span up
 * to now.
 */
export const noFilter = {
  outcome: '',
  cause: '',
  status: '',
  contactId: '',
  deliveryId: '',
  span: '',
  since: '',
  until: '',
}
export type Filter = typeof noFilter

export const spans = ['hour', 'day', 'week'] as const
export type Span = (typeof spans)[number]

const spanMs: Record<Span, number> = { hour: 3_600_000, day: 86_400_000, week: 7 * 86_400_000 }

export function readFilter(params: URLSearchParams): Filter {
  const names = Object.keys(noFilter) as (keyof Filter)[]
  return { ...noFilter, ...Object.fromEntries(names.map((name) => [name, params.get(name) ?? ''])) }
}

export function writeFilter(filter: Filter): Record<string, string> {
  return Object.fromEntries(Object.entries(filter).filter(([, value]) => value !== ''))
}

/** Start of a period up to now, rounded to the minute, so that a query's key does not change all the time. */
export function startOfSpan(span: Span, nowMs: number): string {
  return new Date(startOfMinute(nowMs - spanMs[span])).toISOString()
}

/** The filter for the API. */
export function askedFor(filter: Filter, nowMs: number): AttemptFilter {
  const { span, status, ...rest } = filter
  const known = spans.find((one) => one === span)
  const code = /^[1-5]\d\d$/.test(status) ? { status: Number(status) } : {}
  return {
    ...writeFilter({ ...rest, span: '', status: '' }),
    ...code,
    ...(known && { since: startOfSpan(known, nowMs) }),
  }
}
