import fastifyCompress from '@fastify/compress'
import type { FastifyInstance, FastifyReply, FastifyRequest, FastifySchema } from 'fastify'
import { Overtaken } from '../../definitions/checked-writes.ts'
import type { Permission } from '../../domain/api/permissions.ts'
import type { Identity } from '../../platform/http/auth.ts'
import { HttpProblem } from '../../platform/http/problem.ts'
import { RecordRefused } from '../../platform/kafka/produce/producer.ts'
import type { Admit } from '../access/authenticator.ts'
import type { Caller } from '../access/identify.ts'
import { judgeAccess } from '../access/permissions.ts'
import { WriteTimeout } from '../definitions/write-queue.ts'
import { type AdminMetrics, refusalReason } from '../metrics.ts'
import { type ApiRoute, type RouteSchema, responses } from './route.ts'

/**
 * Adds routes of the API: each is authenticated, then authorised for the business in its path, then validated. What is read
 * goes out compressed (1,000 webhooks are 800 KB without); what is written does not, because an answer to that may hold a secret
 * beside what was asked (the BREACH attack goes by its length).
 */
export async function addRoutes(
  server: FastifyInstance,
  routes: ApiRoute[],
  admit: Admit,
  { refused }: AdminMetrics,
): Promise<void> {
  await server.register(fastifyCompress, { global: false })
  // Handlers check bodies and answer 422 with all problems at once.
  const inherited = server.validatorCompiler
  if (!inherited) throw new Error('the server has no validator for params and query strings')
  server.setValidatorCompiler((route) => (route.httpPart === 'body' ? () => true : inherited(route)))
  server.addHook('onResponse', async (_request, reply) => {
    const reason = refusalReason(reply.statusCode)
    if (reason !== null) refused.inc({ reason })
  })
  for (const { operationId, method, url, permission, isStream, schema: declared, handle } of routes) {
    const { answers, failures, ...schema } = declared
    const business = (request: FastifyRequest) => (request.params as { businessId?: string }).businessId ?? null
    const callers = new WeakMap<FastifyRequest, Caller>()
    server.route({
      method,
      url,
      ...(method === 'GET' && { compress: {} }),
      ...(isStream && { exposeHeadRoute: false }),
      schema: {
        ...strict(schema),
        operationId,
        security: [{ bearer: [] }, { session: [] }],
        response: responses(answers, failures),
      } as FastifySchema,
      onRequest: async (request, reply) => {
        reply.header('cache-control', 'no-store')
        const caller = await admit(request)
        requireAccess(caller.identity, permission, business(request))
        callers.set(request, caller)
      },
      handler: async (request, reply) => {
        const caller = callers.get(request)
        if (!caller) throw new Error('a request came past its authentication')
        const { params, query, body, headers } = request
        const given = { params, query, body, ifMatch: headers['if-match'], ended: endOf(reply) }
        const answer = await handle({ ...caller, ...given }).catch(toProblem)
        return reply
          .code(answer.status)
          .headers(answer.headers ?? {})
          .send(answer.body)
      },
    })
  }
}

function endOf({ raw }: FastifyReply): AbortSignal {
  const ended = new AbortController()
  raw.once('close', () => ended.abort())
  return ended.signal
}

/** An unknown parameter is refused: it is misspelt, or meant for another version. */
function strict<S extends Partial<RouteSchema>>(schema: S): S {
  if (!schema.querystring) return schema
  return { ...schema, querystring: { ...schema.querystring, additionalProperties: false } }
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

function toProblem(error: unknown): never {
  if (error instanceof WriteTimeout) {
    const detail = `${error.message}; it may still take effect: read before you try again`
    throw new HttpProblem(503, 'Service Unavailable', detail, {}, { 'retry-after': '10' })
  }
  if (error instanceof Overtaken) throw new HttpProblem(409, 'Conflict', `${error.message}: read it, and try again`)
  if (error instanceof RecordRefused && error.kind === 'forbidden')
    throw new HttpProblem(503, 'Service Unavailable', error.message, {}, { 'retry-after': '10' })
  if (error instanceof RecordRefused) {
    const why = error.kind === 'too-large' ? 'what the request writes is too large for Kafka' : 'Kafka refuses it'
    throw new HttpProblem(413, 'Content Too Large', `${why}: ${error.message}`)
  }
  throw error
}
