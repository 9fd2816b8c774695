import { notificationSchemas } from '../../../domain/event/notification-schema.ts'
import { readSamples, type SampleCatalogue } from '../../test-send/sample-catalogue.ts'

/** Requests that receivers get, as `webhooks` of the OpenAPI document (contract.md, section 3). */

const header = (name: string, description: string, required = true) => ({
  in: 'header',
  name,
  required,
  description,
  schema: { type: 'string' },
})

const parameters = [
  header('webhook-id', 'Id of the notification, equal in all of its attempts.'),
  header('webhook-timestamp', 'Time of this attempt, in seconds since 1970.'),
  header('webhook-signature', 'Signatures, separated by spaces: v1 (HMAC-SHA256) or v1a (Ed25519), a comma, Base64.'),
  header('x-webhook-attempt', 'Number of this attempt, from 1.'),
  header('traceparent', 'W3C Trace Context, if the event had one.', false),
]

const responses = {
  '2XX': { description: 'Delivered.' },
  '410': { description: 'The webhook is switched off.' },
  '4XX': { description: 'Not sent again, except for 408, 425 and 429.' },
  '5XX': { description: 'Sent again later.' },
}

export function notificationWebhooks(): Record<string, object> {
  const { 'notification-message-1.1.schema.json': message, 'notification-status-1.1.schema.json': status } =
    notificationSchemas
  const samples = readSamples()
  return {
    message: webhook('message', 'Messages of a conversation', message, samples),
    status: webhook('status', 'A message was delivered or read', status, samples),
  }
}

function webhook(type: string, summary: string, described: object, samples: SampleCatalogue): object {
  // In OpenAPI 3.1 a schema stands inside the document, whose dialect it has.
  const { $schema: _dialect, $id: _id, ...schema } = described as { $schema?: string; $id?: string }
  const own = [...samples].filter(([, value]) => value.type === type)
  const examples = Object.fromEntries(own.map(([name, value]) => [name, { value }]))
  const requestBody = { required: true, content: { 'application/json': { schema, examples } } }
  return {
    post: { operationId: `receive-${type}`, summary, tags: ['notifications'], parameters, requestBody, responses },
  }
}
