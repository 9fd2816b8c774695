import type { SentRequest, TestResult } from '../../domain/api/traffic.ts'
import { failures } from '../http/problem-answers.ts'
import type { ApiRoute } from '../http/routes.ts'
import { object, outcome, type Properties, text } from '../http/schema-parts.ts'
import { businessParams, webhookParams } from '../webhooks/api-schemas.ts'
import { draftTestBody, type TestActions, testBody } from './test-actions.ts'

const nullable = (type: string, description: string) => ({ type: [type, 'null'], description })

const result = object({
  outcome,
  cause: nullable('string', 'Of an error: timeout, dns, connect, tls, 3xx, 4xx, 5xx; of a rejection: address.'),
  request: {
    type: 'object',
    description: 'As it was sent; custom headers and the signature are shown as "***".',
    properties: {
      method: text,
      url: text,
      headers: { type: 'object', additionalProperties: text },
      body: text,
    } satisfies Properties<SentRequest>,
  },
  response: {
    type: ['object', 'null'],
    description: 'Null when there was no answer.',
    properties: {
      status: { type: 'integer' },
      latencyMs: { type: 'number' },
      excerpt: nullable('string', 'The first 512 bytes of an answer that was not 2xx.'),
    } satisfies Properties<NonNullable<TestResult['response']>>,
  },
  detail: nullable('string', 'Why there was no answer.'),
} satisfies Properties<TestResult>)

const response = {
  200: { description: 'How it ended.', content: { 'application/json': { schema: result } } },
  ...failures(404, 409, 422, 504),
}

export function testRoutes(actions: TestActions): ApiRoute[] {
  return [
    {
      operationId: 'testWebhook',
      method: 'POST',
      url: '/api/v1/businesses/:businessId/webhooks/:id/test',
      permission: 'webhooks:write',
      schema: {
        tags: ['webhooks'],
        summary: 'Send a sample notification',
        description:
          'Sent at once as the webhook is configured, by one attempt that counts for nothing; answers when that has ended. ' +
          'The body may be left out.',
        params: webhookParams,
        body: testBody,
        response,
      },
      handle: (call) => actions.run(call),
    },
    {
      operationId: 'testDraft',
      method: 'POST',
      url: '/api/v1/businesses/:businessId/webhooks/test',
      permission: 'webhooks:write',
      schema: {
        tags: ['webhooks'],
        summary: 'Send a sample notification by a definition that is not saved',
        description:
          'As testWebhook. It must be on, as a saved one must (the account too). A new one is signed by a secret of its own.',
        params: businessParams,
        body: draftTestBody,
        response,
      },
      handle: (call) => actions.runDraft(call),
    },
  ]
}
