import Type, { type TSchema } from 'typebox'
import { Draft, DraftPatch, Webhook, WebhookList, WebhookWithSecret } from '../../domain/api/webhook.ts'
import { maskedValue } from '../../domain/definition/definition-values.ts'
import { type ApiRoute, route } from '../http/route.ts'
import { BusinessParams, ListQuery, MoveQuery, WebhookParams } from '../http/shapes.ts'
import type { WebhookActions } from './webhook-actions.ts'

const collection = '/api/v1/businesses/:businessId/webhooks'
const one = `${collection}/:id`
const tags = ['webhooks']

const etag = { type: 'string', description: 'Tag of this record, for If-Match.' }
const shown = <S extends TSchema>(description: string, schema: S) => ({ description, schema, headers: { etag } })
const ifMatch = Type.Object({
  'if-match': Type.Optional(Type.String({ description: 'ETag of the version that was read.' })),
})

/** Header values are write-only, so that editors of a webhook cannot read another system's credentials. */
const headersNote = `Header values are shown as "${maskedValue}".`

const pauseNote =
  'Its notifications, those of replays included, are kept, in order, and sent once it is resumed: status.keptUntil says how long the pause can last. Requests under way end, and tests are ' +
  'still sent. If-Match is optional here.'

/** Routes of webhooks with their permissions and shapes; the authorisation test goes through this table. */
export function webhookRoutes(actions: WebhookActions): ApiRoute[] {
  return [
    route({
      operationId: 'listWebhooks',
      method: 'GET',
      url: collection,
      permission: 'webhooks:read',
      schema: {
        tags,
        summary: 'Webhooks of a business, oldest first',
        description: headersNote,
        params: BusinessParams,
        querystring: ListQuery,
        answers: { 200: { description: 'One page.', schema: WebhookList } },
      },
      handle: (call) => actions.list(call),
    }),
    route({
      operationId: 'createWebhook',
      method: 'POST',
      url: collection,
      permission: 'webhooks:write',
      schema: {
        tags,
        summary: 'Create a webhook',
        description: `Only this answer and that of a rotation hold the secret. ${headersNote}`,
        params: BusinessParams,
        querystring: MoveQuery,
        body: Draft,
        answers: { 201: shown('Created and in force.', WebhookWithSecret) },
        failures: [409],
      },
      handle: (call) => actions.create(call),
    }),
    route({
      operationId: 'getWebhook',
      method: 'GET',
      url: one,
      permission: 'webhooks:read',
      schema: {
        tags,
        summary: 'One webhook',
        description: headersNote,
        params: WebhookParams,
        answers: { 200: shown('The definition in force.', Webhook) },
        failures: [404],
      },
      handle: (call) => actions.get(call),
    }),
    route({
      operationId: 'patchWebhook',
      method: 'PATCH',
      url: one,
      permission: 'webhooks:write',
      schema: {
        tags,
        summary: 'Change a webhook',
        description:
          `A JSON merge patch. headers replaces the whole set; in it "${maskedValue}" for a name that is stored keeps its ` +
          'value, which goes only to the origin it was stored for: with a URL of another origin, send the values again.',
        consumes: ['application/json', 'application/merge-patch+json'],
        params: WebhookParams,
        querystring: MoveQuery,
        headers: ifMatch,
        body: DraftPatch,
        answers: { 200: shown('Changed and in force.', Webhook) },
        failures: [404, 409, 412, 428],
      },
      handle: (call) => actions.patch(call),
    }),
    route({
      operationId: 'deleteWebhook',
      method: 'DELETE',
      url: one,
      permission: 'webhooks:write',
      schema: {
        tags,
        summary: 'Delete a webhook',
        params: WebhookParams,
        headers: ifMatch,
        answers: { 204: { description: 'Deleted.' } },
        failures: [404, 412, 428],
      },
      handle: (call) => actions.remove(call),
    }),
    ...([true, false] as const).map((paused) =>
      route({
        operationId: paused ? 'pauseWebhook' : 'resumeWebhook',
        method: 'POST',
        url: `${one}/${paused ? 'pause' : 'resume'}`,
        permission: 'webhooks:write',
        schema: {
          tags,
          summary: paused ? 'Pause a webhook: nothing is sent, everything is kept' : 'Resume a paused webhook',
          description: paused ? pauseNote : 'What was kept is sent first, in order. If-Match is optional here.',
          params: WebhookParams,
          headers: ifMatch,
          answers: { 200: shown(paused ? 'Paused.' : 'Resumed.', Webhook) },
          failures: [404, 412],
        },
        handle: (call) => actions.setPaused(call, paused),
      }),
    ),
    route({
      operationId: 'rotateSecret',
      method: 'POST',
      url: `${one}/secret/rotate`,
      permission: 'webhooks:write',
      schema: {
        tags,
        summary: 'Create a new secret',
        description:
          'Only this answer holds the new secret. Each replaced secret signs for 24 more hours, beside the others; ten ' +
          'rotations in 24 hours are possible. If-Match is optional here.',
        params: WebhookParams,
        headers: ifMatch,
        answers: { 200: shown('Rotated and in force.', WebhookWithSecret) },
        failures: [404, 412],
      },
      handle: (call) => actions.rotateSecret(call),
    }),
  ]
}
