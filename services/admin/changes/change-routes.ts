import { failures } from '../http/problem-answers.ts'
import type { ApiRoute } from '../http/routes.ts'
import { businessParams } from '../webhooks/api-schemas.ts'
import type { ChangeStreams } from './change-stream.ts'

export function changeRoutes(streams: ChangeStreams): ApiRoute[] {
  return [
    {
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
          'empty>"}. What has changed is read by the other routes. Ends with the session or token.',
        params: businessParams,
        response: {
          200: { description: 'Without end.', content: { 'text/event-stream': { schema: { type: 'string' } } } },
          ...failures(400),
        },
      },
      handle: async ({ businessId, identity, expiresAtMs, ended }) => ({
        status: 200,
        body: streams.open(businessId, identity.subject, expiresAtMs, ended),
        // The last one is for proxies that would wait for the end (nginx).
        headers: { 'content-type': 'text/event-stream', 'x-accel-buffering': 'no' },
      }),
    },
  ]
}
