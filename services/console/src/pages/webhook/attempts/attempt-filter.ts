import type { AttemptFilter } from '../../../api/types.ts'

/** Filter as in the page's address; empty values are not set. */
export type Filter = { outcome: string; contactId: string; deliveryId: string; span: string }

export const spans = ['hour', 'day', 'week'] as const

const spanMs: Record<string, number> = { hour: 3_600_000, day: 86_400_000, week: 7 * 86_400_000 }

export function readFilter(params: URLSearchParams): Filter {
  const value = (name: string) => params.get(name) ?? ''
  return {
    outcome: value('outcome'),
    contactId: value('contactId'),
    deliveryId: value('deliveryId'),
    span: value('span'),
  }
}

export function writeFilter(filter: Filter): Record<string, string> {
  return Object.fromEntries(Object.entries(filter).filter(([, value]) => value !== ''))
}

/** The filter for the API. The start is rounded to the minute, so that the query's key does not change all the time. */
export function askedFor({ span, ...rest }: Filter, nowMs: number): AttemptFilter {
  const lengthMs = spanMs[span]
  const since =
    lengthMs === undefined ? {} : { since: new Date(Math.floor((nowMs - lengthMs) / 60_000) * 60_000).toISOString() }
  return { ...writeFilter({ ...rest, span: '' }), ...since }
}
