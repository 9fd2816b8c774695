import Type, { type Static } from 'typebox'
import { mapOf } from '../definition/definition.ts'
import { maskedValue } from '../definition/definition-values.ts'
import { deadLetterReasons, nextSteps } from '../delivery/delivery.ts'
import { choice, count, flag, integer, kind, list, ms, nullable, outcome, text, time, totals } from './parts.ts'
import { Status } from './webhook.ts'

/** What was sent for a webhook, as the admin API shows it. */

export const PeriodCounts = Type.Object({
  start: time('Of the minute or hour, UTC.'),
  ...totals,
  errors: mapOf(count(), { description: 'Errors by cause: timeout, dns, connect, tls, 3xx, 4xx, 5xx.' }),
})
export type PeriodCounts = Static<typeof PeriodCounts>

export const Stats = Type.Object({
  webhookId: text(),
  updatedAt: nullable(time(), 'When they were written; null when there was no attempt yet.'),
  minutes: list(PeriodCounts, 'Those of the last 60 minutes that had an attempt, oldest first.'),
  hours: list(PeriodCounts, 'Those of the last 168 hours that had an attempt, oldest first.'),
  last30Minutes: Type.Object({
    answered: count('Attempts that got an answer, whichever.'),
    fastestMs: nullable(ms),
    averageMs: nullable(ms),
    slowestMs: nullable(ms),
    p50Ms: nullable(ms, 'To about 1 %, and no closer than 1 ms.'),
    p95Ms: nullable(ms),
    p99Ms: nullable(ms),
  }),
  status: Status,
})
export type Stats = Static<typeof Stats>

const fromOne = count('From 1.')
const status = nullable(integer())

export const ErrorEntry = Type.Object({
  at: time(),
  deliveryId: text(),
  attempt: fromOne,
  cause: text(),
  status,
  latencyMs: nullable(ms),
  excerpt: nullable(text(), 'The first 512 bytes of the answer, or what went wrong without one.'),
  kind,
  contactId: text(),
})
export type ErrorEntry = Static<typeof ErrorEntry>

export const AttemptEntry = Type.Object({
  id: text('Partition and offset in webhook-attempts.'),
  at: time('When it started.'),
  deliveryId: text('The webhook-id header.'),
  eventId: text(),
  kind,
  contactId: text(),
  chatChannelId: text(),
  attempt: fromOne,
  outcome,
  cause: nullable(text()),
  status,
  latencyMs: nullable(ms, 'Null when nothing was sent.'),
  next: choice(nextSteps),
  nextAttemptAt: nullable(time()),
  replayId: nullable(text()),
  test: flag('A test notification; not in the statistics.'),
})
export type AttemptEntry = Static<typeof AttemptEntry>

/** A request as it was sent. */
export const SentRequest = Type.Object({
  method: text(),
  url: nullable(text(), 'Null when the definition has changed since.'),
  headers: mapOf(text(), {
    description: `As sent; custom values and the signature are shown as "${maskedValue}", custom names only while they are known.`,
  }),
  body: nullable(text(), 'Null when it is past its retention of 7 days.'),
})
export type SentRequest = Static<typeof SentRequest>

export const AttemptDetail = Type.Object({
  ...AttemptEntry.properties,
  excerpt: nullable(text(), 'The first 512 bytes of an answer that was not 2xx, or what went wrong without one.'),
  definitionVersion: integer(),
  request: SentRequest,
})
export type AttemptDetail = Static<typeof AttemptDetail>

const unread = 'Null of a record that could not be read.'
export const DeadLetterEntry = Type.Object({
  at: time(),
  reason: choice(deadLetterReasons),
  detail: nullable(text()),
  deliveryId: nullable(text(), unread),
  contactId: nullable(text(), unread),
  kind: nullable(kind, unread),
  attempts: count('How many were made before.'),
})
export type DeadLetterEntry = Static<typeof DeadLetterEntry>

/** How a test notification ended. */
export const TestResult = Type.Object({
  outcome,
  cause: nullable(text(), 'Of an error: timeout, dns, connect, tls, 3xx, 4xx, 5xx; of a rejection: address.'),
  request: Type.Object({ ...SentRequest.properties, url: text(), body: text() }),
  response: nullable(
    Type.Object({
      status: integer(),
      latencyMs: Type.Number(),
      excerpt: nullable(text(), 'The first 512 bytes of an answer that was not 2xx.'),
    }),
    'Null when there was no answer.',
  ),
  detail: nullable(text(), 'Why there was no answer.'),
})
export type TestResult = Static<typeof TestResult>

export const ReplayStarted = Type.Object({
  replayId: text(),
  count: integer('Notifications that will be sent again.'),
})
export type ReplayStarted = Static<typeof ReplayStarted>

/** What a replay would be (dryRun). */
export const ReplayCounted = Type.Object({
  count: integer('Notifications that it would send again.'),
  seconds: integer('How long that takes at the rate asked for, at least.'),
})
export type ReplayCounted = Static<typeof ReplayCounted>

/** Records that could not be read or handled, sent through their topic again. */
export const UnreadReplayed = Type.Object({ count: integer('Records written to their topic again.') })
export type UnreadReplayed = Static<typeof UnreadReplayed>

export const ReplayProgress = Type.Object({
  replayId: text(),
  startedAt: time(),
  count: integer('Notifications of the replay.'),
  waiting: integer('Not tried yet.'),
  retrying: integer('Tried, and to be tried again.'),
  stopped: flag('No more of it is sent: those that wait, or are to be tried again, stay what they were before.'),
  outcomes: Type.Object(totals, { description: 'Of those that are done, by the outcome of the last attempt.' }),
})
export type ReplayProgress = Static<typeof ReplayProgress>
