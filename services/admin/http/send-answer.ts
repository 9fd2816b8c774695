import type { FastifyReply } from 'fastify'

export type SentAnswer = { status: number; headers?: Record<string, string>; body?: unknown }

export function sendAnswer(reply: FastifyReply, { status, headers = {}, body }: SentAnswer): FastifyReply {
  return reply.code(status).headers(headers).send(body)
}
