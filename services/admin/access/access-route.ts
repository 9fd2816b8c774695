import type { FastifyInstance, FastifyReply } from 'fastify'
import {
  type AnswerOf,
  type ApiRoute,
  fastifySchema,
  type RouteSchema,
  signedIn,
  type TypedRequest,
  withoutBodies,
} from '../http/route.ts'
import { sendAnswer } from '../http/send-answer.ts'

/** A route that authenticates the caller itself. It reads and sets cookies. */
type AccessRoute<S extends RouteSchema> = {
  operationId: string
  method: ApiRoute['method']
  url: string
  schema: S
  /** Set for a route that needs no authentication. */
  isOpen?: true
  handle: (request: TypedRequest<S>, reply: FastifyReply) => Promise<AnswerOf<S['answers']>>
}

export function addAccessRoute<const S extends RouteSchema>(server: FastifyInstance, declared: AccessRoute<S>): void {
  const { operationId, method, url, schema, isOpen, handle } = declared
  server.route({
    method,
    url,
    schema: fastifySchema(operationId, schema, isOpen ? [] : signedIn),
    validatorCompiler: withoutBodies(server),
    onRequest: async (_request, reply) => void reply.header('cache-control', 'no-store'),
    handler: async (request, reply) => sendAnswer(reply, await handle(request as TypedRequest<S>, reply)),
  })
}
