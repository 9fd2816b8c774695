/** Types of the API and of their parts, for the pages. */
import type { Operations } from './generated.ts'

export type { Fate } from '../../../domain/api/notifications.ts'
export type { Draft, WebhookState } from '../../../domain/api/webhook.ts'
export type { WantedEvents } from '../../../domain/definition/definition.ts'
export type { AttemptOutcome, NotificationKind } from '../../../domain/delivery/delivery.ts'
export type { SampleName } from '../../../domain/event/samples.ts'
export type { Totals } from '../../../domain/stats/stats.ts'
export type * from './generated.ts'
/** Filter of the audit log; empty for all entries. */
export type AuditFilter = Omit<NonNullable<Operations['listAudit']['query']>, 'limit' | 'cursor'>
/** Request for a test without a definition. */
export type TestWish = NonNullable<Operations['testWebhook']['body']>
/** Choice of a sample. */
export type SampleWish = Omit<TestWish, 'notification'> & Required<Pick<TestWish, 'event'>>
/** Filter of the list of attempts; empty for all attempts. */
export type AttemptFilter = Omit<NonNullable<Operations['listAttempts']['query']>, 'limit' | 'cursor'>
