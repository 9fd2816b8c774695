import fastifyCompress from '@fastify/compress'
import type { FastifyInstance, FastifyReply, FastifyRequest, FastifySchema } from 'fastify'
import { Overtaken } from '../../definitions/checked-writes.ts'
import type { Identity } from '../../platform/http/auth.ts'
import { HttpProblem } from '../../platform/http/problem.ts'
import { RecordRefused } from '../../platform/kafka/produce/producer.ts'
import type { Admit } from '../access/authenticator.ts'
import type { Caller } from '../access/identify.ts'
import { judgeAccess, type Permission } from '../access/permissions.ts'
import { WriteTimeout } from '../definitions/write-queue.ts'
import { type AdminMetrics, refusalReason } from '../metrics.ts'

/** A verified request, as plain values. */
export type Call = {
  identity: Identity
  /** Until when it is who it is, in milliseconds since the epoch. */
  expiresAtMs: number
  /** Empty where the route has none. */
  businessId: string
  /** The webhook's id; empty where the route has none. */
  id: string
  /** Empty where the route has none. */
  replayId: string
  /** Empty where the route has none. */
  attemptId: string
  ifMatch: string | undefined
  query: Record<string, unknown>
  body: unknown
  /** Aborted when the request's connection or answer ends: what is done for it alone ends as well. */
  ended: AbortSignal
}

export type Answer = { status: number; body?: object; headers?: Record<string, string> }

export type ApiRoute = {
  operationId: string
  method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  url: string
  permission: Permission
  /** Its answer has no end of its own. HEAD would ask for one that nobody reads. */
  isStream?: true
  schema: FastifySchema & { summary: string }
  handle: (call: Call) => Promise<Answer>
}

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
  // Bodies are checked by draft-rules.ts, which answers 422 with all problems at once.
  const inherited = server.validatorCompiler
  if (!inherited) throw new Error('the server has no validator for params and query strings')
  server.setValidatorCompiler((route) => (route.httpPart === 'body' ? () => true : inherited(route)))
  server.addHook('onResponse', async (_request, reply) => {
    const reason = refusalReason(reply.statusCode)
    if (reason !== null) refused.inc({ reason })
  })
  for (const { operationId, method, url, permission, isStream, schema, handle } of routes) {
    const callers = new WeakMap<FastifyRequest, Caller>()
    server.route({
      method,
      url,
      ...(method === 'GET' && { compress: {} }),
      ...(isStream && { exposeHeadRoute: false }),
      schema: { ...strict(schema), operationId, security: [{ bearer: [] }, { session: [] }] } as FastifySchema,
      onRequest: async (request, reply) => {
        reply.header('cache-control', 'no-store')
        const caller = await admit(request)
        requireAccess(caller.identity, permission, url.includes(':businessId') ? params(request).businessId : null)
        callers.set(request, caller)
      },
      handler: async (request, reply) => {
        const caller = callers.get(request)
        if (!caller) throw new Error('a request came past its authentication')
        const { identity, expiresAtMs } = caller
        const place = params(request)
        const ifMatch = request.headers['if-match']
        const query = request.query as Call['query']
        const ended = endOf(reply)
        const given = { identity, expiresAtMs, ...place, ifMatch, query, body: request.body, ended }
        const answer = await handle(given).catch(toProblem)
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

type Params = Pick<Call, 'businessId' | 'id' | 'replayId' | 'attemptId'>
/** A query that is not known is refused: it is misspelt, or meant for another version. */
function strict(schema: ApiRoute['schema']): ApiRoute['schema'] {
  if (!schema.querystring) return schema
  return { ...schema, querystring: { ...schema.querystring, additionalProperties: false } }
}

function params(request: FastifyRequest): Params {
  const { businessId = '', id = '', replayId = '', attemptId = '' } = request.params as Partial<Params>
  return { businessId, id, replayId, attemptId }
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
  if (error instanceof RecordRefused)
    throw new HttpProblem(413, 'Content Too Large', 'the definition is too large for a Kafka record')
  throw error
}
