import Type, { type Static } from 'typebox'
import { mapOf } from '../definition/definition.ts'
import { maskedValue } from '../definition/definition-values.ts'
import { deadLetterReasons, nextSteps } from '../delivery/delivery.ts'
import { choice, count, flag, integer, kind, list, ms, nullable, outcome, shape, text, time, totals } from './parts.ts'
import { personal, secret } from './personal.ts'
import { Status } from './webhook.ts'

/** The traffic of a webhook, as the admin API shows it. */

export const PeriodCounts = shape('PeriodCounts', {
  start: time('Start of the minute or hour, UTC.'),
  ...totals,
  errors: mapOf(count(), { description: 'Errors by cause: timeout, dns, connect, tls, 3xx, 4xx, 5xx.' }),
  p50Ms: nullable(ms, 'Median response time; null without a response.'),
  p95Ms: nullable(ms),
})
export type PeriodCounts = Static<typeof PeriodCounts>

export const Stats = shape('Stats', {
  webhookId: text(),
  updatedAt: nullable(time(), 'Time of the last update; null before the first attempt.'),
  minutes: list(PeriodCounts, 'The last 60 minutes, without those that had no attempt, oldest first.'),
  hours: list(PeriodCounts, 'The last 168 hours, without those that had no attempt, oldest first.'),
  last30Minutes: Type.Object({
    answered: count('Attempts with any response.'),
    fastestMs: nullable(ms),
    averageMs: nullable(ms),
    slowestMs: nullable(ms),
    p50Ms: nullable(ms, 'Accurate to about 1 %, and to 1 ms at best.'),
    p95Ms: nullable(ms),
    p99Ms: nullable(ms),
  }),
  status: Status,
})
export type Stats = Static<typeof Stats>

const fromOne = count('From 1.')
const status = nullable(integer())

export const ErrorEntry = shape('ErrorEntry', {
  at: time(),
  deliveryId: text(),
  attempt: fromOne,
  cause: text(),
  status,
  latencyMs: nullable(ms),
  excerpt: nullable(personal('answer'), 'The first 512 bytes of the response, or the reason why there was none.'),
  kind,
  contactId: personal('contact'),
})
export type ErrorEntry = Static<typeof ErrorEntry>

/** Failed attempts with the same cause, status and first line of the answer. */
export const ErrorGroup = shape('ErrorGroup', {
  outcome,
  cause: text(),
  status,
  line: nullable(
    personal('answer'),
    'The first line of the answer; null without one, and for all lines beyond the first 50.',
  ),
  excerpt: nullable(personal('answer'), 'The beginning of the latest answer.'),
  count: count('Attempts.'),
  contacts: count('Contacts.'),
  firstAt: time(),
  lastAt: time(),
  deliveryIds: list(text(), 'The latest 200 notifications at most: their webhook-id.'),
})
export type ErrorGroup = Static<typeof ErrorGroup>

export const ErrorGroupList = shape('ErrorGroupList', {
  groups: list(ErrorGroup, 'The most frequent first.'),
  searchedBackTo: time('Attempts before it were not looked at.'),
})
export type ErrorGroupList = Static<typeof ErrorGroupList>

export const AttemptEntry = shape('AttemptEntry', {
  id: text('Partition and offset in webhook-attempts.'),
  at: time('Start of the attempt.'),
  deliveryId: text('The webhook-id header.'),
  eventId: text(),
  kind,
  contactId: personal('contact'),
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
export const SentRequest = shape('SentRequest', {
  method: text(),
  url: nullable(secret(text(), 'url'), 'Null when the definition has changed since.'),
  headers: mapOf(text(), {
    description: `As sent; custom values and the signature are shown as "${maskedValue}", custom names only while they are known.`,
  }),
  body: nullable(personal('body'), 'Null when it is past its retention, by default of 7 days.'),
})
export type SentRequest = Static<typeof SentRequest>

export const AttemptDetail = shape('AttemptDetail', {
  ...AttemptEntry.properties,
  responseHeaders: nullable(personal('text'), 'Header fields of the response, one per line; only for a test.'),
  excerpt: nullable(
    personal('answer'),
    'The first 512 bytes of a response other than 2xx, or the reason why there was none; for a test, the first 4,096 bytes ' +
      'of any response.',
  ),
  definitionVersion: integer(),
  request: SentRequest,
})
export type AttemptDetail = Static<typeof AttemptDetail>

const unread = 'Null for a record that could not be read.'
export const DeadLetterEntry = shape('DeadLetterEntry', {
  at: time(),
  reason: choice(deadLetterReasons),
  detail: nullable(personal('text')),
  deliveryId: nullable(text(), unread),
  contactId: nullable(personal('contact'), unread),
  kind: nullable(kind, unread),
  attempts: count('Number of attempts made before it was given up.'),
})
export type DeadLetterEntry = Static<typeof DeadLetterEntry>

export const ListedDeadLetter = shape('ListedDeadLetter', {
  ...DeadLetterEntry.properties,
  deliveredAt: nullable(
    time(),
    'Time of a later delivery, for instance by a replay; null if there was none, or if it is further back than was searched.',
  ),
})
export type ListedDeadLetter = Static<typeof ListedDeadLetter>

/** A new notification, in a form in which it can be sent. */
export const NewDelivery = shape('NewDelivery', {
  deliveryId: text('The webhook-id header.'),
  kind,
  at: time('Time at which it was made.'),
  traceparent: nullable(text()),
  body: personal('body'),
})
export type NewDelivery = Static<typeof NewDelivery>

export const DeliveryPage = shape('DeliveryPage', {
  deliveries: list(NewDelivery, 'In the order in which they were made.'),
  nextCursor: text('Cursor for the next request, which returns later notifications.'),
})
export type DeliveryPage = Static<typeof DeliveryPage>

/** Result of a test notification. */
export const TestResult = shape('TestResult', {
  outcome,
  cause: nullable(text(), 'Cause of an error (timeout, dns, connect, tls, 3xx, 4xx, 5xx) or of a rejection (address).'),
  request: Type.Object({ ...SentRequest.properties, url: text(), body: text() }),
  response: nullable(
    Type.Object({
      status: integer(),
      latencyMs: Type.Number(),
      headers: nullable(
        personal('text'),
        'Its header fields, one a line, without cookies; the first 4,096 characters.',
      ),
      excerpt: nullable(personal('answer'), 'The first 4,096 bytes of its body.'),
    }),
    'Null if there was no response.',
  ),
  detail: nullable(text(), 'Reason why there was no response.'),
})
export type TestResult = Static<typeof TestResult>

/** A sample notification. */
export const Sample = shape('Sample', {
  notification: Type.Record(Type.String(), Type.Unknown(), { description: 'Body of a request, version 1.1.' }),
})
export type Sample = Static<typeof Sample>

export const ProbeStarted = shape('ProbeStarted', {
  deliveryId: nullable(
    text(),
    'The rejected notification that is sent as the probe; null if it is the next waiting one.',
  ),
})
export type ProbeStarted = Static<typeof ProbeStarted>

/** Records that could not be read or handled and were written to their topic again. */
export const UnreadReplayed = shape('UnreadReplayed', { count: integer('Records written to their topic again.') })
export type UnreadReplayed = Static<typeof UnreadReplayed>
