import Type, { type TSchema } from 'typebox'
import { list, outcome, pageOf, time } from '../../domain/api/parts.ts'
import {
  AttemptDetail,
  AttemptEntry,
  DeliveryPage,
  ErrorEntry,
  ErrorGroupList,
  ListedDeadLetter,
  Stats,
} from '../../domain/api/traffic.ts'
import { type ApiRoute, route } from '../http/route.ts'
import { AttemptParams, ListQuery, WebhookParams } from '../http/shapes.ts'
import type { StatsActions } from './stats-actions.ts'

/** Path of one webhook. */
export const one = '/api/v1/businesses/:businessId/webhooks/:id'

const identifier = (description: string) => Type.Optional(Type.String({ minLength: 1, maxLength: 200, description }))

/** Which attempts are meant. */
export const AttemptFilters = Type.Object({
  outcome: Type.Optional(Type.Enum(outcome.enum, { type: 'string', description: 'Only those with this outcome.' })),
  cause: identifier(
    'Only those with this cause: timeout, dns, connect, tls, 3xx, 4xx, 5xx, address, breaker, expired.',
  ),
  status: Type.Optional(Type.Integer({ minimum: 100, maximum: 599, description: 'Only those with this status.' })),
  contactId: identifier('Only those to this contact, or to those that are shown masked like this.'),
  deliveryId: identifier('Only those of this notification: its webhook-id.'),
  test: Type.Optional(Type.Boolean({ description: 'Only tests, or only others.' })),
  since: Type.Optional(time('Only those started at this time or later.')),
  until: Type.Optional(time('Only those started before this time.')),
})
export const AttemptsQuery = Type.Object({ ...AttemptFilters.properties, ...ListQuery.properties })

/** A page holds bodies of up to 256 KiB each. */
export const DeliveriesQuery = Type.Object({
  limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 50, default: 50, description: 'Entries in a page.' })),
  cursor: Type.Optional(Type.String({ maxLength: 500, description: 'nextCursor of the previous answer.' })),
})

export const GroupsQuery = Type.Object({
  since: Type.Optional(time('Only attempts started at this time or later; 24 hours ago when left out.')),
  until: Type.Optional(time('Only attempts started before this time.')),
})

const Errors = Type.Object({ errors: list(ErrorEntry, 'The latest 50, newest first.') })
const Attempts = pageOf('attempts', AttemptEntry, 'Newest first.')
const DeadLetters = pageOf('deadLetters', ListedDeadLetter, 'Newest first.')

const reading = { method: 'GET', permission: 'webhooks:read' } as const
const about = { tags: ['statistics'], failures: [404] }
const shown = <S extends TSchema>(summary: string, schema: S) => ({
  ...about,
  summary,
  answers: { 200: { description: summary, schema } },
})

/** Routes on a webhook's traffic: counts, errors, attempts, dead letters. */
export function statsRoutes(actions: StatsActions): ApiRoute[] {
  return [
    route({
      ...reading,
      operationId: 'getStats',
      url: `${one}/stats`,
      schema: {
        ...shown('Counts by minute and hour, response times, state', Stats),
        description: 'Each attempt counts once; test notifications do not count.',
        params: WebhookParams,
      },
      handle: (call) => actions.stats(call),
    }),
    route({
      ...reading,
      operationId: 'listErrors',
      url: `${one}/errors`,
      schema: { ...shown('The latest 50 errors', Errors), params: WebhookParams },
      handle: (call) => actions.errors(call),
    }),
    route({
      ...reading,
      operationId: 'listErrorGroups',
      url: `${one}/error-groups`,
      schema: {
        ...shown('Errors by cause, status and first line of the answer', ErrorGroupList),
        description: 'Read from webhook-attempts; at most the latest 240,000 records of the partition are looked at.',
        params: WebhookParams,
        querystring: GroupsQuery,
      },
      handle: (call) => actions.errorGroups(call),
    }),
    route({
      ...reading,
      operationId: 'listAttempts',
      url: `${one}/attempts`,
      schema: {
        ...shown('Attempts, newest first', Attempts),
        description:
          'Read from webhook-attempts, which keeps 14 days by default. A page looks at a limited part of the topic and may be short or ' +
          'empty: follow nextCursor until it is absent.',
        params: WebhookParams,
        querystring: AttemptsQuery,
      },
      handle: (call) => actions.attempts(call),
    }),
    route({
      ...reading,
      operationId: 'getAttempt',
      url: `${one}/attempts/:attemptId`,
      schema: { ...shown('One attempt, with request and answer', AttemptDetail), params: AttemptParams },
      handle: (call) => actions.attempt(call),
    }),
    route({
      ...reading,
      permission: 'webhooks:bodies',
      operationId: 'listNewDeliveries',
      url: `${one}/deliveries`,
      schema: {
        ...shown('Notifications from a moment on, as they are made', DeliveryPage),
        description:
          'Follows webhook-deliveries: without a cursor the answer is empty and its nextCursor is the present moment. Ask again ' +
          'every second. A notification is listed once, whatever becomes of it; retries, replays and tests are not.',
        params: WebhookParams,
        querystring: DeliveriesQuery,
      },
      handle: (call) => actions.newDeliveries(call),
    }),
    route({
      ...reading,
      operationId: 'listDeadLetters',
      url: `${one}/dead-letters`,
      schema: {
        ...shown('Dead letters, newest first', DeadLetters),
        description:
          'Read from webhook-dead-letters, which keeps 14 days or less. Those that were replayed since are among them. A page may be ' +
          'short or empty: follow nextCursor until it is absent.',
        params: WebhookParams,
        querystring: ListQuery,
      },
      handle: (call) => actions.deadLetters(call),
    }),
  ]
}
