import type { FastifyReply } from 'fastify'

type Answer = { status: number; headers?: Record<string, string>; body?: unknown }

export function sendAnswer(reply: FastifyReply, { status, headers = {}, body }: Answer): FastifyReply {
  return reply.code(status).headers(headers).send(body)
}
