import type { Attempt, AttemptOutcome, DeadLetter, NotificationKind } from '../delivery/delivery.ts'
import type { AttemptError, Counts, Percentiles, ResponseTimes, Totals } from '../stats/stats.ts'
import type { Status } from './webhook.ts'

/** What was sent for a webhook, as the admin API shows it. Times are ISO 8601. */

export type PeriodCounts = Counts & {
  /** Of the minute or hour, UTC. */
  start: string
}

export type Stats = {
  webhookId: string
  /** Null when there was no attempt yet. */
  updatedAt: string | null
  /** Of the last 60 minutes those that had an attempt, oldest first. */
  minutes: PeriodCounts[]
  /** Of the last 168 hours those that had an attempt, oldest first. */
  hours: PeriodCounts[]
  last30Minutes: ResponseTimes & Percentiles
  status: Status
}

export type ErrorEntry = Omit<AttemptError, 'at'> & { at: string }

export type AttemptEntry = Pick<
  Attempt,
  | 'deliveryId'
  | 'eventId'
  | 'kind'
  | 'contactId'
  | 'chatChannelId'
  | 'attempt'
  | 'outcome'
  | 'cause'
  | 'status'
  | 'latencyMs'
  | 'next'
  | 'replayId'
  | 'test'
> & {
  /** Partition and offset in webhook-attempts. */
  id: string
  /** Its start. */
  at: string
  nextAttemptAt: string | null
}

/** A request as it was sent; what is secret is shown as "***". */
export type SentRequest = {
  method: string
  /** Null when the definition has changed since. */
  url: string | null
  headers: Record<string, string>
  /** Null when it is past its retention. */
  body: string | null
}

export type AttemptDetail = AttemptEntry & { excerpt: string | null; definitionVersion: number; request: SentRequest }

export type DeadLetterEntry = Pick<DeadLetter, 'reason' | 'detail'> & {
  at: string
  /** Null of a record that could not be read; so are the next two. */
  deliveryId: string | null
  contactId: string | null
  kind: NotificationKind | null
  /** Made before. */
  attempts: number
}

/** How a test notification ended. */
export type TestResult = {
  outcome: AttemptOutcome
  cause: string | null
  request: SentRequest & { url: string; body: string }
  response: { status: number; latencyMs: number; excerpt: string | null } | null
  /** Why there was no answer. */
  detail: string | null
}

export type ReplayStarted = { replayId: string; count: number }

/** What a replay would be (dryRun). */
export type ReplayCounted = {
  count: number
  /** At the rate asked for, at least. */
  seconds: number
}

/** Records that could not be read or handled, sent through their topic again. */
export type UnreadReplayed = { count: number }

/** How far a replay has come, in notifications. */
export type ReplayProgress = {
  replayId: string
  startedAt: string
  count: number
  /** Not tried yet. */
  waiting: number
  /** Tried, and to be tried again. */
  retrying: number
  /** Nothing more of it is sent: those that wait, or are to be tried again, stay what they were before. */
  stopped: boolean
  /** Of those that are done, the outcome of the last attempt. */
  outcomes: Totals
}
