import Type from 'typebox'
import { list } from '../../domain/api/parts.ts'
import { ReplayCounted, ReplayEntry, ReplayProgress, ReplayStarted } from '../../domain/api/replays.ts'
import { type ApiRoute, route } from '../http/route.ts'
import { ReplayParams, WebhookParams } from '../http/shapes.ts'
import type { ReplayActions } from './replay-actions.ts'
import { type HistoryDeps, listReplays } from './replay-history.ts'
import { ReplayBody } from './replay-request.ts'

const url = '/api/v1/businesses/:businessId/webhooks/:id/replay'
const tags = ['replay']

const Replays = Type.Object({ replays: list(ReplayEntry, 'The latest 20 at most, newest first.') })

export function replayRoutes(actions: ReplayActions, history: HistoryDeps): ApiRoute[] {
  return [
    route({
      operationId: 'replay',
      method: 'POST',
      url,
      permission: 'webhooks:write',
      schema: {
        tags,
        summary: 'Send notifications again',
        description:
          'Same webhook-id and bytes, new timestamp and signature, as the webhook is configured when they are sent. ' +
          'They are sent beside live traffic, at a rate of their own, in the order in which they were made. What another ' +
          'replay has not sent yet is left out. With skipped it is a back-fill: it sends what was not sent at all, and a ' +
          'second one sends nothing again.',
        params: WebhookParams,
        body: ReplayBody,
        answers: {
          200: { description: 'Only counted (dryRun).', schema: ReplayCounted },
          202: { description: 'Found, and on their way.', schema: ReplayStarted },
        },
        failures: [404, 409],
      },
      handle: (call) => actions.start(call),
    }),
    route({
      operationId: 'listReplays',
      method: 'GET',
      url,
      permission: 'webhooks:read',
      schema: {
        tags,
        summary: 'The latest replays, with who started them and what has become of them',
        description: 'Those of the time that webhook-replays keeps, 7 days by default.',
        params: WebhookParams,
        answers: { 200: { description: 'The latest replays.', schema: Replays } },
        failures: [404],
      },
      handle: (call) => listReplays(history, call),
    }),
    route({
      operationId: 'getReplay',
      method: 'GET',
      url: `${url}/:replayId`,
      permission: 'webhooks:read',
      schema: {
        tags,
        summary: 'Progress of a replay',
        params: ReplayParams,
        answers: { 200: { description: 'Its progress.', schema: ReplayProgress } },
        failures: [404],
      },
      handle: (call) => actions.progress(call),
    }),
    route({
      operationId: 'stopReplay',
      method: 'DELETE',
      url: `${url}/:replayId`,
      permission: 'webhooks:write',
      schema: {
        tags,
        summary: 'Stop a replay',
        description:
          'What it has not sent yet is not sent; requests under way continue. Its dead letters stay dead letters and can be ' +
          'replayed again.',
        params: ReplayParams,
        answers: { 204: { description: 'Stopped, now or earlier.' } },
        failures: [404],
      },
      handle: (call) => actions.stop(call),
    }),
  ]
}
