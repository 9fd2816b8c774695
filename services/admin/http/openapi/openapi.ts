import swagger from '@fastify/swagger'
import type { FastifyInstance } from 'fastify'
import { sessionCookie } from '../../access/sessions.ts'
import { notificationWebhooks } from './openapi-webhooks.ts'

/** Collects every route added after it into /openapi.json. */
export async function addOpenApi(server: FastifyInstance): Promise<void> {
  await server.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'Hookline admin',
        version: '1',
        description:
          'Webhook definitions and account activation. Errors are problem details (RFC 9457). A change is answered ' +
          'once later reads of this API see it.',
      },
      webhooks: notificationWebhooks(),
      components: {
        securitySchemes: {
          bearer: { type: 'http', scheme: 'bearer', bearerFormat: 'JWT' },
          session: {
            type: 'apiKey',
            in: 'cookie',
            name: sessionCookie,
            description: "The browser's session; changes need its csrfToken in the header x-csrf-token.",
          },
        },
      },
    },
  })
  server.get('/openapi.json', { schema: { hide: true } as object }, async () => server.swagger())
}
