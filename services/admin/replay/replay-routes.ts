import type { ReplayCounted, ReplayProgress, ReplayStarted } from '../../domain/api/traffic.ts'
import { attemptOutcomes } from '../../domain/delivery/delivery.ts'
import { failures } from '../http/problem-answers.ts'
import type { ApiRoute } from '../http/routes.ts'
import { object, type Properties, text, time } from '../http/schema-parts.ts'
import { replayParams, webhookParams } from '../webhooks/api-schemas.ts'
import type { ReplayActions } from './replay-actions.ts'
import { replayBody } from './replay-request.ts'

const url = '/api/v1/businesses/:businessId/webhooks/:id/replay'
const tags = ['replay']
const count = (description: string) => ({ type: 'integer', description })

const started = object({
  replayId: text,
  count: count('Notifications that will be sent again.'),
} satisfies Properties<ReplayStarted>)

const counted = object({
  count: count('Notifications that it would send again.'),
  seconds: count('How long that takes at the rate asked for, at least.'),
} satisfies Properties<ReplayCounted>)

const progress = object({
  replayId: text,
  startedAt: time,
  count: count('Notifications of the replay.'),
  waiting: count('Not tried yet.'),
  retrying: count('Tried, and to be tried again.'),
  stopped: {
    type: 'boolean',
    description: 'Nothing more of it is sent: those that wait, or are to be tried again, stay what they were before.',
  },
  outcomes: {
    type: 'object',
    description: 'Of those that are done, by the outcome of the last attempt.',
    properties: Object.fromEntries(attemptOutcomes.map((name) => [name, count('')])),
  },
} satisfies Properties<ReplayProgress>)

export function replayRoutes(actions: ReplayActions): ApiRoute[] {
  return [
    {
      operationId: 'replay',
      method: 'POST',
      url,
      permission: 'webhooks:write',
      schema: {
        tags,
        summary: 'Send notifications again',
        description:
          'Same webhook-id and bytes, new timestamp and signature, as the webhook is configured when they are sent. ' +
          'They go beside live traffic, at a rate of their own, in the order of their making. What another replay has still ' +
          'before it is left out.',
        params: webhookParams,
        body: replayBody,
        response: {
          200: { description: 'Only counted (dryRun).', content: { 'application/json': { schema: counted } } },
          202: { description: 'Found, and on their way.', content: { 'application/json': { schema: started } } },
          ...failures(404, 409, 422),
        },
      },
      handle: (call) => actions.start(call),
    },
    {
      operationId: 'getReplay',
      method: 'GET',
      url: `${url}/:replayId`,
      permission: 'webhooks:read',
      schema: {
        tags,
        summary: 'How far a replay has come',
        params: replayParams,
        response: {
          200: { description: 'Its progress.', content: { 'application/json': { schema: progress } } },
          ...failures(404),
        },
      },
      handle: (call) => actions.progress(call),
    },
    {
      operationId: 'stopReplay',
      method: 'DELETE',
      url: `${url}/:replayId`,
      permission: 'webhooks:write',
      schema: {
        tags,
        summary: 'Stop a replay',
        description:
          'What it has not sent yet is not sent; requests under way go on. Dead letters of it stay dead letters, and can be ' +
          'replayed again.',
        params: replayParams,
        response: { 204: { description: 'Stopped, also when it was before.', type: 'null' }, ...failures(404) },
      },
      handle: (call) => actions.stop(call),
    },
  ]
}
