import fastifyCompress from '@fastify/compress'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { Overtaken } from '../../config-topics/checked-writes.ts'
import type { Permission } from '../../domain/api/permissions.ts'
import type { Identity } from '../../platform/http/auth.ts'
import { HttpProblem } from '../../platform/http/problem.ts'
import { RecordRefused } from '../../platform/kafka/produce/producer.ts'
import { KafkaFault } from '../../platform/kafka/wire/kafka-fault.ts'
import { WaitAbandoned } from '../../platform/runtime/retry-until.ts'
import type { Admit } from '../access/authenticator.ts'
import type { Caller } from '../access/identify.ts'
import { judgeAccess } from '../access/judge-access.ts'
import { WriteTimeout } from '../definition-writes/write-queue.ts'
import { type AdminMetrics, refusalReason } from '../metrics.ts'
import { conflict } from '../webhooks/refusal.ts'
import { unavailable } from './acknowledged.ts'
import { createMasking } from './masking.ts'
import { type ApiRoute, fastifySchema, withoutBodies } from './route.ts'
import { encodeRows, type RowStream } from './row-stream.ts'
import { sendAnswer } from './send-answer.ts'

/**
 * Adds routes of the API. Each request is authenticated, then authorised for the business in its path, then validated;
 * what the identity may not see is masked in its answer.
 * Answers to GET are compressed (1,000 webhooks take 800 KB without it). Other answers are not, because they may hold a secret
 * beside data of the request, and the BREACH attack learns the secret from the compressed length.
 */
export async function addRoutes(
  server: FastifyInstance,
  routes: ApiRoute[],
  admit: Admit,
  { refused }: AdminMetrics,
): Promise<void> {
  await server.register(fastifyCompress, { global: false })
  server.setValidatorCompiler(withoutBodies(server))
  server.addHook('onResponse', async (_request, reply) => {
    const reason = refusalReason(reply.statusCode)
    if (reason !== null) refused.inc({ reason })
  })
  for (const { operationId, method, url, permission, isStream, schema, handle } of routes) {
    const business = (request: FastifyRequest) => (request.params as { businessId?: string }).businessId ?? null
    const callers = new WeakMap<FastifyRequest, Caller>()
    const masked = createMasking(schema.answers)
    server.route({
      method,
      url,
      ...(method === 'GET' && { compress: {} }),
      ...(isStream && { exposeHeadRoute: false }),
      schema: fastifySchema(operationId, schema),
      onRequest: async (request, reply) => {
        reply.header('cache-control', 'no-store')
        const caller = await admit(request)
        requireAccess(caller.identity, permission, business(request))
        callers.set(request, caller)
      },
      handler: async (request, reply) => {
        const caller = callers.get(request)
        if (!caller) throw new Error('the request was not authenticated')
        const { params, query, body, headers } = request
        const given = { params, query, body, ifMatch: headers['if-match'], ended: signalEnd(reply) }
        const answer = await handle({ ...caller, ...given }).catch((error: unknown) => toProblem(error, request.log))
        const shown = masked(answer, caller.identity)
        const rows = schema.answers[answer.status]?.rows
        return sendAnswer(reply, rows ? { ...shown, ...encodeRows(shown.body as RowStream, rows) } : shown)
      },
    })
  }
}

function signalEnd({ raw }: FastifyReply): AbortSignal {
  const ended = new AbortController()
  raw.once('close', () => ended.abort())
  return ended.signal
}

function requireAccess(identity: Identity, permission: Permission, businessId: string | null): void {
  const access = judgeAccess(identity, permission, businessId)
  switch (access) {
    case 'allowed':
      return
    case 'lacks permission':
      throw new HttpProblem(403, 'Forbidden', `this needs role super_admin or permission ${permission}`)
    case 'other business':
      throw new HttpProblem(403, 'Forbidden', 'the token is for another business')
  }
}

function toProblem(error: unknown, log: FastifyRequest['log']): never {
  if (error instanceof WriteTimeout) {
    throw unavailable(`${error.message}; the change may still take effect, so read the webhook before you try again`)
  }
  if (error instanceof Overtaken) throw conflict('overtaken', `${error.message}; read it again and repeat the change`)
  if (error instanceof RecordRefused && error.kind === 'forbidden') throw unavailable(error.message)
  if (error instanceof RecordRefused) {
    const why = error.kind === 'too-large' ? 'the change is too large for Kafka' : 'Kafka refuses the change'
    throw new HttpProblem(413, 'Content Too Large', `${why}: ${error.message}`)
  }
  if (error instanceof KafkaFault) {
    log.warn({ reason: error.message }, 'Kafka did not answer what a request asked')
    throw unavailable(error.kind === 'denied' ? error.message : 'Kafka does not answer at present')
  }
  if (error instanceof WaitAbandoned) throw unavailable('this instance is stopping')
  throw error
}
