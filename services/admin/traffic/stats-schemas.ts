import Type from 'typebox'
import type {
  AttemptDetail,
  AttemptEntry,
  DeadLetterEntry,
  ErrorEntry,
  PeriodCounts,
  SentRequest,
  Stats,
} from '../../domain/api/traffic.ts'
import { attemptOutcomes } from '../../domain/delivery/delivery.ts'
import { count, list, nullable, object, outcome, type Properties, text, time } from '../http/schema-parts.ts'
import { statusView } from '../status/status-schemas.ts'
import { webhookParams } from '../webhooks/api-schemas.ts'

/** Shapes of the routes on statistics, errors, attempts and dead letters. */

const ms = { type: 'number', minimum: 0 }

const counts = object({
  start: { ...time, description: 'Of the minute or hour, UTC.' },
  success: count,
  slow: count,
  error: count,
  rejected: count,
  errors: {
    type: 'object',
    additionalProperties: count,
    description: 'Errors by cause: timeout, dns, connect, tls, 3xx, 4xx, 5xx.',
  },
} satisfies Properties<PeriodCounts>)

export const statsSchema = object({
  webhookId: text,
  updatedAt: nullable(time, 'When they were written; null when there was no attempt yet.'),
  minutes: list(counts, 'Of the last 60 minutes those that had an attempt, oldest first.'),
  hours: list(counts, 'Of the last 168 hours those that had an attempt, oldest first.'),
  last30Minutes: object({
    answered: { ...count, description: 'Attempts that got an answer, whichever.' },
    fastestMs: nullable(ms),
    averageMs: nullable(ms),
    slowestMs: nullable(ms),
    p50Ms: nullable(ms, 'To about 1 %, and no closer than 1 ms.'),
    p95Ms: nullable(ms),
    p99Ms: nullable(ms),
  } satisfies Properties<Stats['last30Minutes']>),
  status: statusView,
} satisfies Properties<Stats>)

export const errorsSchema = object({
  errors: list(
    object({
      at: time,
      deliveryId: text,
      attempt: { ...count, description: 'From 1.' },
      cause: text,
      status: nullable({ type: 'integer' }),
      latencyMs: nullable(ms),
      excerpt: nullable(text, 'The first 512 bytes of the answer, or what went wrong without one.'),
      kind: text,
      contactId: text,
    } satisfies Properties<ErrorEntry>),
    'The latest 50, newest first.',
  ),
})

const attemptProperties = {
  id: { ...text, description: 'Partition and offset in webhook-attempts.' },
  at: { ...time, description: 'Its start.' },
  deliveryId: { ...text, description: 'The webhook-id header.' },
  eventId: text,
  kind: { type: 'string', enum: ['message', 'status'] },
  contactId: text,
  chatChannelId: text,
  attempt: { ...count, description: 'From 1.' },
  outcome,
  cause: nullable(text),
  status: nullable({ type: 'integer' }),
  latencyMs: nullable(ms, 'Null when nothing was sent.'),
  next: { type: 'string', enum: ['none', 'retry', 'deadLetter'] },
  nextAttemptAt: nullable(time),
  replayId: nullable(text),
  test: { type: 'boolean', description: 'A test notification; not in the statistics.' },
} satisfies Properties<AttemptEntry>
const next = { ...text, description: 'Absent on the last page. There may be one though this page is short or empty.' }

export const attemptsSchema = object({ attempts: list(object(attemptProperties), 'Newest first.'), nextCursor: next }, [
  'nextCursor',
])

export const attemptSchema = object({
  ...attemptProperties,
  excerpt: nullable(text, 'The first 512 bytes of an answer that was not 2xx, or what went wrong without one.'),
  definitionVersion: { type: 'integer' },
  request: object({
    method: text,
    url: nullable(text, 'Null when the definition has changed since.'),
    headers: {
      type: 'object',
      additionalProperties: text,
      description:
        'As sent; custom values and the signature are shown as "***", custom names only while they are known.',
    },
    body: nullable(text, 'Null when it is past its retention of 7 days.'),
  } satisfies Properties<SentRequest>),
} satisfies Properties<AttemptDetail>)

export const deadLettersSchema = object(
  {
    deadLetters: list(
      object({
        at: time,
        reason: text,
        detail: nullable(text),
        deliveryId: nullable(text, 'Null of a record that could not be read.'),
        contactId: nullable(text),
        kind: nullable(text),
        attempts: { ...count, description: 'Made before.' },
      } satisfies Properties<DeadLetterEntry>),
      'Newest first.',
    ),
    nextCursor: next,
  },
  ['nextCursor'],
)

const paging = {
  limit: Type.Integer({ minimum: 1, maximum: 200, default: 50, description: 'Entries a page.' }),
  cursor: Type.Optional(Type.String({ maxLength: 500, description: 'nextCursor of the page before.' })),
}
const identifier = (description: string) => Type.Optional(Type.String({ minLength: 1, maxLength: 200, description }))
const moment = (description: string) => Type.Optional(Type.String({ format: 'date-time', description }))

export const pageQuery = Type.Object(paging)
export const attemptsQuery = Type.Object({
  outcome: Type.Optional(Type.Enum([...attemptOutcomes], { description: 'Only those with it.' })),
  contactId: identifier('Only those to this contact.'),
  deliveryId: identifier('Only those of this notification: its webhook-id.'),
  since: moment('Only those started at or after it.'),
  until: moment('Only those started before it.'),
  ...paging,
})
export const attemptParams = Type.Object({
  ...webhookParams.properties,
  attemptId: Type.String({ minLength: 1, maxLength: 40, description: 'id of an attempt in the list.' }),
})
