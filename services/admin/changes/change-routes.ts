import type { Readable } from 'node:stream'
import Type from 'typebox'
import { type ApiRoute, route } from '../http/route.ts'
import { BusinessParams } from '../http/shapes.ts'
import type { ChangeStreams } from './change-stream.ts'

const Events = Type.Unsafe<Readable>({ type: 'string' })

export function changeRoutes(streams: ChangeStreams): ApiRoute[] {
  return [
    route({
      operationId: 'followChanges',
      method: 'GET',
      url: '/api/v1/businesses/:businessId/changes',
      permission: 'webhooks:read',
      isStream: true,
      schema: {
        tags: ['account'],
        summary: 'Changes, as they happen',
        description:
          'Server-sent events: ready, then webhook, account, stats, health and audit, each with data {"id": "<webhook or ' +
          'empty>"}, and a ping every 10 s. What has changed is read by the other routes. Ends with the session or token.',
        params: BusinessParams,
        answers: { 200: { description: 'Without end.', schema: Events, contentType: 'text/event-stream' } },
      },
      handle: async ({ params: { businessId }, identity, expiresAtMs, ended }) => ({
        status: 200 as const,
        body: streams.open(businessId, identity.subject, expiresAtMs, ended),
        // x-accel-buffering tells nginx not to buffer the answer.
        headers: { 'content-type': 'text/event-stream', 'x-accel-buffering': 'no' },
      }),
    }),
  ]
}
