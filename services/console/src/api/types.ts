/** Parts of the API's shapes that pages name. */
import type { AttemptEntry, LastHour, Operations, Draft as Sent, Status, Webhook } from './generated.ts'

export type * from './generated.ts'
/** What is written of a definition, in full. */
export type Draft = Pick<Webhook, keyof Sent>
export type WebhookState = Status['state']
export type WantedEvents = Webhook['events']
export type AttemptOutcome = AttemptEntry['outcome']
export type NotificationKind = AttemptEntry['kind']
export type Totals = Omit<LastHour, 'sparkline'>
/** Absent is all. */
export type AttemptFilter = Omit<NonNullable<Operations['listAttempts']['query']>, 'limit' | 'cursor'>
