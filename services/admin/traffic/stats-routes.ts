import { failures } from '../http/problem-answers.ts'
import type { ApiRoute } from '../http/routes.ts'
import { webhookParams } from '../webhooks/api-schemas.ts'
import type { StatsActions } from './stats-actions.ts'
import {
  attemptParams,
  attemptSchema,
  attemptsQuery,
  attemptsSchema,
  deadLettersSchema,
  errorsSchema,
  pageQuery,
  statsSchema,
} from './stats-schemas.ts'

const one = '/api/v1/businesses/:businessId/webhooks/:id'

type Reading = Pick<ApiRoute, 'operationId' | 'url' | 'handle'> & {
  summary: string
  description?: string
  answer: object
  params?: object
  querystring?: object
}

/** What was done for a webhook: counts, errors, attempts, dead letters. */
export function statsRoutes(actions: StatsActions): ApiRoute[] {
  const routes: Reading[] = [
    {
      operationId: 'getStats',
      url: `${one}/stats`,
      summary: 'Counts by minute and hour, response times, state',
      description: 'Each attempt counts once; test notifications do not.',
      answer: statsSchema,
      handle: (call) => actions.stats(call),
    },
    {
      operationId: 'listErrors',
      url: `${one}/errors`,
      summary: 'The latest 50 errors',
      answer: errorsSchema,
      handle: (call) => actions.errors(call),
    },
    {
      operationId: 'listAttempts',
      url: `${one}/attempts`,
      summary: 'Attempts, newest first',
      description:
        'Read from webhook-attempts, which keeps 14 days. A page looks at a limited part of the topic: follow nextCursor ' +
        'until it is absent.',
      answer: attemptsSchema,
      querystring: attemptsQuery,
      handle: (call) => actions.attempts(call),
    },
    {
      operationId: 'getAttempt',
      url: `${one}/attempts/:attemptId`,
      summary: 'One attempt, with request and answer',
      answer: attemptSchema,
      params: attemptParams,
      handle: (call) => actions.attempt(call),
    },
    {
      operationId: 'listDeadLetters',
      url: `${one}/dead-letters`,
      summary: 'Dead letters, newest first',
      description:
        'Read from webhook-dead-letters, which keeps 14 days. Those that were replayed since are among them.',
      answer: deadLettersSchema,
      querystring: pageQuery,
      handle: (call) => actions.deadLetters(call),
    },
  ]
  return routes.map(({ operationId, url, handle, answer, params = webhookParams, ...about }) => ({
    operationId,
    method: 'GET',
    url,
    permission: 'webhooks:read',
    schema: {
      tags: ['statistics'],
      ...about,
      params,
      response: {
        200: { description: about.summary, content: { 'application/json': { schema: answer } } },
        ...failures(400, 404),
      },
    },
    handle,
  }))
}
