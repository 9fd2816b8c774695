import { failures } from '../http/problem-answers.ts'
import type { ApiRoute } from '../http/routes.ts'
import {
  businessParams,
  createBody,
  listQuery,
  patchBody,
  webhookList,
  webhookParams,
  webhookView,
  webhookWithSecret,
} from './api-schemas.ts'
import type { WebhookActions } from './webhook-actions.ts'

const collection = '/api/v1/businesses/:businessId/webhooks'
const one = `${collection}/:id`
const tags = ['webhooks']

const etag = { type: 'string', description: 'Names this very record: for If-Match.' }
const ok = (description: string, schema: object) => ({
  description,
  headers: { etag },
  content: { 'application/json': { schema } },
})
const ifMatch = {
  type: 'object',
  properties: { 'if-match': { type: 'string', description: 'ETag of the version that was read.' } },
}

/** Header values are write-only for everybody: a permission to edit is none to read another system's credentials. */
const headersNote = 'Header values are shown as "***".'

/** Operation, route, permission, shapes: the table that the authorisation test goes through. */
export function webhookRoutes(actions: WebhookActions): ApiRoute[] {
  return [
    {
      operationId: 'listWebhooks',
      method: 'GET',
      url: collection,
      permission: 'webhooks:read',
      schema: {
        tags,
        summary: 'Webhooks of a business, oldest first',
        description: headersNote,
        params: businessParams,
        querystring: listQuery,
        response: {
          200: { description: 'One page.', content: { 'application/json': { schema: webhookList } } },
          ...failures(400),
        },
      },
      handle: (call) => actions.list(call),
    },
    {
      operationId: 'createWebhook',
      method: 'POST',
      url: collection,
      permission: 'webhooks:write',
      schema: {
        tags,
        summary: 'Create a webhook',
        description: `The answer holds the secret, this once. ${headersNote}`,
        params: businessParams,
        body: createBody,
        response: { 201: ok('Created and in force.', webhookWithSecret), ...failures(400, 409, 413, 422) },
      },
      handle: (call) => actions.create(call),
    },
    {
      operationId: 'getWebhook',
      method: 'GET',
      url: one,
      permission: 'webhooks:read',
      schema: {
        tags,
        summary: 'One webhook',
        description: headersNote,
        params: webhookParams,
        response: { 200: ok('The definition in force.', webhookView), ...failures(404) },
      },
      handle: (call) => actions.get(call),
    },
    {
      operationId: 'patchWebhook',
      method: 'PATCH',
      url: one,
      permission: 'webhooks:write',
      schema: {
        tags,
        summary: 'Change a webhook',
        description:
          'A JSON merge patch. headers replaces the whole set; in it "***" for a name that is stored keeps its value, which ' +
          'goes to the origin alone that it was stored for: with a URL of another one, say the values again.',
        consumes: ['application/json', 'application/merge-patch+json'],
        params: webhookParams,
        headers: ifMatch,
        body: patchBody,
        response: { 200: ok('Changed and in force.', webhookView), ...failures(400, 404, 409, 412, 413, 422, 428) },
      },
      handle: (call) => actions.patch(call),
    },
    {
      operationId: 'deleteWebhook',
      method: 'DELETE',
      url: one,
      permission: 'webhooks:write',
      schema: {
        tags,
        summary: 'Delete a webhook',
        params: webhookParams,
        headers: ifMatch,
        response: { 204: { description: 'Deleted.', type: 'null' }, ...failures(404, 412, 428) },
      },
      handle: (call) => actions.remove(call),
    },
    {
      operationId: 'rotateSecret',
      method: 'POST',
      url: `${one}/secret/rotate`,
      permission: 'webhooks:write',
      schema: {
        tags,
        summary: 'Make a new secret',
        description:
          'The answer holds the new secret, this once. Each secret that is replaced signs for 24 hours more, beside the ' +
          'others; ten rotations in 24 hours are possible. ' +
          'If-Match is optional here.',
        params: webhookParams,
        headers: ifMatch,
        response: { 200: ok('Rotated and in force.', webhookWithSecret), ...failures(404, 412) },
      },
      handle: (call) => actions.rotateSecret(call),
    },
  ]
}
