import { Sample, TestResult } from '../../domain/api/traffic.ts'
import { type ApiRoute, route } from '../http/route.ts'
import { BusinessParams, WebhookParams } from '../http/shapes.ts'
import type { TestActions } from './test-actions.ts'
import { DraftTestBody, SampleQuery, TestBody } from './test-shapes.ts'

const common = {
  tags: ['webhooks'],
  answers: { 200: { description: 'How it ended.', schema: TestResult } },
  failures: [404, 409, 504],
}

export function testRoutes(actions: TestActions): ApiRoute[] {
  return [
    route({
      operationId: 'testWebhook',
      method: 'POST',
      url: '/api/v1/businesses/:businessId/webhooks/:id/test',
      permission: 'webhooks:write',
      schema: {
        ...common,
        summary: 'Send a sample notification',
        description:
          'Sent at once as the webhook is configured, in one attempt that does not count; answers when it has ended. The body ' +
          'may be left out.',
        params: WebhookParams,
        body: TestBody,
      },
      handle: (call) => actions.run(call),
    }),
    route({
      operationId: 'testDraft',
      method: 'POST',
      url: '/api/v1/businesses/:businessId/webhooks/test',
      permission: 'webhooks:write',
      schema: {
        ...common,
        summary: 'Send a sample notification with an unsaved definition',
        description:
          'Like testWebhook. The definition must be enabled and the account activated. A new one is signed with a secret of ' +
          'its own.',
        params: BusinessParams,
        body: DraftTestBody,
      },
      handle: (call) => actions.runDraft(call),
    }),
    route({
      operationId: 'getSample',
      method: 'GET',
      url: '/api/v1/businesses/:businessId/samples',
      permission: 'webhooks:read',
      schema: {
        tags: ['webhooks'],
        summary: 'A sample notification',
        description: 'A published sample with the present time, and with the channel and platform asked for.',
        params: BusinessParams,
        querystring: SampleQuery,
        answers: { 200: { description: 'The body of a request.', schema: Sample } },
      },
      handle: (call) => actions.sample(call),
    }),
  ]
}
