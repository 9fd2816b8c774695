import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox'
import type { FastifyRequest, RawRequestDefaultExpression, RawServerDefault, RouteGenericInterface } from 'fastify'
import type { Static, TSchema } from 'typebox'
import type { Permission } from '../../domain/api/permissions.ts'
import type { Identity } from '../../platform/http/auth.ts'
import { HttpProblem } from '../../platform/http/problem.ts'
import { type Checked, compileSchema, type Problem } from '../../platform/json/json-schema.ts'
import { failures } from './problem-answers.ts'

/** A route of the API declares its shapes once: they type its handler, check requests, write answers and make the document. */

type RequestSchema = { params?: TSchema; querystring?: TSchema }

/** An answer that is no problem. Without a schema it has no body. */
type AnswerSchema = { description: string; schema?: TSchema; contentType?: string; headers?: Record<string, object> }
type AnswerSchemas = Record<number, AnswerSchema>

export type RouteSchema = RequestSchema & {
  tags: string[]
  summary: string
  description?: string
  headers?: TSchema
  /** Checked by the handler (bodyReader), after it has looked for the webhook. */
  body?: TSchema
  consumes?: string[]
  /** By status. */
  answers: AnswerSchemas
  /** Statuses of problems, beside those that every route has. */
  failures?: number[]
}

type Typed<S extends RequestSchema> = FastifyRequest<
  RouteGenericInterface,
  RawServerDefault,
  RawRequestDefaultExpression<RawServerDefault>,
  S,
  TypeBoxTypeProvider
>

/** A verified request, as plain values. */
export type Call<S extends RequestSchema = RequestSchema> = Pick<Typed<S>, 'params' | 'query'> & {
  identity: Identity
  /** When the identity ends, in milliseconds since the epoch. */
  expiresAtMs: number
  ifMatch: string | undefined
  body: unknown
  /** Aborted when the request's connection or answer ends: what is done for it alone ends as well. */
  ended: AbortSignal
}

export type ApiResponse<Status extends number = number, Body = undefined> = {
  status: Status
  headers?: Record<string, string>
} & (Body extends undefined ? { body?: undefined } : { body: Body })

type AnswerOf<A extends AnswerSchemas> = {
  [S in keyof A & number]: ApiResponse<S, A[S] extends { schema: infer B extends TSchema } ? Static<B> : undefined>
}[keyof A & number]

export type ApiRoute<S extends RouteSchema = RouteSchema> = {
  operationId: string
  method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  url: string
  permission: Permission
  /** Set where the answer has no end of its own: HEAD would ask for one that nobody reads. */
  isStream?: true
  schema: S
  handle: (call: Call<S>) => Promise<AnswerOf<S['answers']>>
}

/** A route among others: its handler is held to its schema here, and called with checked requests only. */
export function route<const S extends RouteSchema>(declared: ApiRoute<S>): ApiRoute {
  return declared as unknown as ApiRoute
}

/** Answers as Fastify and the OpenAPI document take them. */
export function responses(answers: AnswerSchemas, problems: number[] = []): Record<number, object> {
  const shown = Object.entries(answers).map(([status, { schema, contentType = 'application/json', ...about }]) => [
    status,
    { ...about, ...(schema ? { content: { [contentType]: { schema } } } : { type: 'null' }) },
  ])
  return { ...Object.fromEntries(shown), ...failures(...problems) }
}

/** Reads bodies of a shape. @throws HttpProblem 422 with all problems at once. */
export function bodyReader<S extends TSchema>(schema: S): (body: unknown) => Static<S> {
  const check = compileSchema<Static<S>>(schema)
  return (body) => valid(check(body))
}

/** @throws HttpProblem 422 */
export function valid<T>(checked: Checked<T>, within = ''): T {
  if (checked.ok) return checked.value
  throw invalidBody(checked.problems.map(({ field, message }) => ({ field: `${within}${field}`, message })))
}

export function invalidBody(errors: Problem[]): HttpProblem {
  return new HttpProblem(422, 'Unprocessable Content', 'the body is not valid', { errors })
}
