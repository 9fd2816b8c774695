import swagger from '@fastify/swagger'
import type { FastifyInstance, FastifySchema } from 'fastify'
import { maxEvents, messageEventSchema, statusEventSchema } from '../reading/event-schemas.ts'

const event = { oneOf: [messageEventSchema, statusEventSchema] }

const problem = (description: string, headers?: object) => ({
  description,
  ...(headers && { headers }),
  content: {
    'application/problem+json': {
      schema: {
        type: 'object',
        properties: {
          type: { type: 'string' },
          title: { type: 'string' },
          status: { type: 'integer' },
          detail: { type: 'string' },
          reason: { type: 'string' },
          errors: {
            type: 'array',
            items: {
              type: 'object',
              properties: {
                field: { type: 'string', examples: ['events.2.messages.0.date'] },
                message: { type: 'string' },
                code: { type: 'string', description: 'keyword of JSON Schema that is broken, or malformed' },
                limit: { type: ['number', 'string'], description: 'what the keyword demands' },
                line: { type: 'integer', description: 'line of an NDJSON body, from 1' },
              },
            },
          },
        },
      },
    },
  },
})

const accepted = {
  description: 'Kafka has acknowledged every event',
  content: {
    'application/json': {
      schema: {
        type: 'object',
        properties: {
          events: {
            type: 'array',
            description: 'one result per event, in the order of the request',
            items: {
              type: 'object',
              properties: { eventId: { type: 'string' }, status: { type: 'string', enum: ['accepted'] } },
            },
          },
        },
      },
    },
  },
}

const retryAfter = { 'retry-after': { schema: { type: 'integer' }, description: 'seconds' } }

/** The OpenAPI operation of POST /v1/events. */
export const eventsOperation = {
  operationId: 'publishEvents',
  summary: 'Publish events of conversations',
  description:
    'All events of a request are published, or none. An event may be sent again with its eventId: its notifications then have the same ids.',
  security: [{ bearer: [] }],
  body: {
    content: {
      'application/json': {
        schema: {
          type: 'object',
          required: ['events'],
          additionalProperties: false,
          properties: { events: { type: 'array', minItems: 1, maxItems: maxEvents, items: event } },
        },
      },
      'application/x-ndjson': { schema: { ...event, description: 'one event per line' } },
    },
  },
  response: {
    202: accepted,
    400: problem('The body is not JSON; the line is named'),
    401: problem('No valid token'),
    403: problem('The token lacks events:write, or it is not for the business of an event'),
    413: problem('The body is too large, or the notification of an event would be larger than 262,144 bytes'),
    415: problem('The content type or encoding is not supported'),
    422: problem('An event is not valid: every field is named, nothing was published'),
    429: problem('Unacknowledged events of this token or business leave no room: send the events again', retryAfter),
    503: problem('Kafka is too slow or unreachable: send the events again', retryAfter),
  },
} as FastifySchema

/** Serves /openapi.json, which includes routes added afterwards. */
export async function addOpenApi(server: FastifyInstance): Promise<void> {
  await server.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: { title: 'Hookline producer', description: 'Writes events of conversations to Kafka', version: '1' },
      components: { securitySchemes: { bearer: { type: 'http', scheme: 'bearer', bearerFormat: 'JWT' } } },
    },
  })
  server.get('/openapi.json', { schema: { hide: true } as FastifySchema }, async () => server.swagger())
}
