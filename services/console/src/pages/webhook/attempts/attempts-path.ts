import type { AttemptOutcome } from '../../../api/types.ts'
import { pagePath } from '../page-path.ts'
import { type Filter, noFilter, writeFilter } from './attempt-filter.ts'

type Wanted = {
  outcome?: AttemptOutcome | undefined
  cause?: string | null
  status?: number | null
  deliveryId?: string
  /** Starts of the first and the last attempt. */
  firstAt?: string
  lastAt?: string
}

/** Address of the list of attempts with a filter. */
export function attemptsPath(webhook: { businessId: string; id: string }, wanted: Wanted): string {
  const { outcome = '', cause, status, deliveryId = '', firstAt = '', lastAt } = wanted
  const filter: Filter = {
    ...noFilter,
    outcome,
    // A status is the better known of the two, and tells the cause.
    cause: status === null || status === undefined ? (cause ?? '') : '',
    status: String(status ?? ''),
    deliveryId,
    since: firstAt,
    // The end of a period is the first moment after it.
    until: lastAt === undefined ? '' : new Date(Date.parse(lastAt) + 1).toISOString(),
  }
  return `${pagePath(webhook, 'attempts')}?${new URLSearchParams(writeFilter(filter))}`
}
