/** Types that pages name: the API's, and those of their parts. */
import type { Operations } from './generated.ts'

export type { Draft, WebhookState } from '../../../domain/api/webhook.ts'
export type { WantedEvents } from '../../../domain/definition/definition.ts'
export type { AttemptOutcome, NotificationKind } from '../../../domain/delivery/delivery.ts'
export type { Totals } from '../../../domain/stats/stats.ts'
export type * from './generated.ts'
/** What the list of attempts is narrowed to; all attempts when it is empty. */
export type AttemptFilter = Omit<NonNullable<Operations['listAttempts']['query']>, 'limit' | 'cursor'>
