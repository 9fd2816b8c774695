import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox'
import type {
  FastifyInstance,
  FastifyRequest,
  FastifySchema,
  FastifySchemaCompiler,
  RawRequestDefaultExpression,
  RawServerDefault,
  RouteGenericInterface,
} from 'fastify'
import type { Static, TObject, TSchema } from 'typebox'
import type { Permission } from '../../domain/api/permissions.ts'
import type { Identity } from '../../platform/http/auth.ts'
import { HttpProblem } from '../../platform/http/problem.ts'
import { type Checked, compileSchema, type Problem } from '../../platform/json/json-schema.ts'
import { failures } from './problem-answers.ts'
import { type RowStream, rowTypes } from './row-stream.ts'

/** A route of the API declares its shapes once. They type its handler, check requests, write answers and make the document. */

type RequestSchema = { params?: TSchema; querystring?: TSchema }

/** An answer that is not a problem. Without schema and rows it has no body. */
type AnswerSchema = {
  description: string
  schema?: TSchema
  contentType?: string
  /** Schema of a row, if the body is a RowStream. */
  rows?: TObject
  headers?: Record<string, object>
}
export type AnswerSchemas = Record<number, AnswerSchema>

export type RouteSchema = RequestSchema & {
  tags: string[]
  summary: string
  description?: string
  headers?: TSchema
  /** Checked by the handler (bodyReader), after it has found the webhook. */
  body?: TSchema
  consumes?: string[]
  /** By status. */
  answers: AnswerSchemas
  /** Statuses of problems, besides those of every route and of every route with a body. */
  failures?: number[]
}

/** A request of Fastify with the types of the schema. */
export type TypedRequest<S extends RequestSchema> = FastifyRequest<
  RouteGenericInterface,
  RawServerDefault,
  RawRequestDefaultExpression<RawServerDefault>,
  S,
  TypeBoxTypeProvider
>

/** A verified request, as plain values. */
export type Call<S extends RequestSchema = RequestSchema> = Pick<TypedRequest<S>, 'params' | 'query'> & {
  identity: Identity
  /** When the identity ends, in milliseconds since the epoch. */
  expiresAtMs: number
  ifMatch: string | undefined
  body: unknown
  /** Aborted when the request's connection or answer ends, and with it the work for this request. */
  ended: AbortSignal
}

export type ApiResponse<Status extends number = number, Body = undefined> = {
  status: Status
  headers?: Record<string, string>
} & (Body extends undefined ? { body?: undefined } : { body: Body })

export type AnswerOf<A extends AnswerSchemas> = {
  [S in keyof A & number]: ApiResponse<S, BodyOf<A[S]>>
}[keyof A & number]

type BodyOf<A> = A extends { rows: TObject }
  ? RowStream
  : A extends { schema: infer B extends TSchema }
    ? Static<B>
    : undefined

export type ApiRoute<S extends RouteSchema = RouteSchema> = {
  operationId: string
  method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  url: string
  permission: Permission
  /** Set for an answer without an end, so that the route has no HEAD. */
  isStream?: true
  schema: S
  handle: (call: Call<S>) => Promise<AnswerOf<S['answers']>>
}

/** Declares a route: its schema types the handler, which is called with checked requests only. */
export function route<const S extends RouteSchema>(declared: ApiRoute<S>): ApiRoute {
  return declared as unknown as ApiRoute
}

/** How a request is authenticated; empty for everyone. */
export const signedIn: object[] = [{ bearer: [] }, { session: [] }]
/** Statuses of every route with a body: too large, of another media type, not valid. */
const bodyFailures = [413, 415, 422]

/** A route's schema as Fastify and the OpenAPI document take it. */
export function fastifySchema(operationId: string, declared: RouteSchema, security = signedIn): FastifySchema {
  const { answers, failures: own = [], ...schema } = declared
  const failed = [...own, ...(schema.body ? bodyFailures : [])]
  return { ...strict(schema), operationId, security, response: responses(answers, failed) } as FastifySchema
}

/** An unknown parameter is refused: it is misspelt, or meant for another version. */
function strict<S extends Partial<RouteSchema>>(schema: S): S {
  if (!schema.querystring) return schema
  return { ...schema, querystring: { ...schema.querystring, additionalProperties: false } }
}

/** The server's validation without bodies: handlers check those and answer 422 with all problems at once. */
export function withoutBodies(server: FastifyInstance): FastifySchemaCompiler<FastifySchema> {
  const inherited = server.validatorCompiler
  if (!inherited) throw new Error('the server has no validator for params and query strings')
  return (route) => (route.httpPart === 'body' ? () => true : inherited(route))
}

function responses(answers: AnswerSchemas, problems: number[]): Record<number, object> {
  const shown = Object.entries(answers).map(
    ([status, { schema, contentType = 'application/json', rows, ...about }]) => {
      const streamed = Object.values(rowTypes).map((type) => [type.split(';')[0], { schema: rows ?? {} }])
      const content = rows ? Object.fromEntries(streamed) : schema && { [contentType]: { schema } }
      return [status, { ...about, ...(content ? { content } : { type: 'null' }) }]
    },
  )
  return { ...Object.fromEntries(shown), ...failures(...problems) }
}

/** Creates a reader of bodies of a shape. @throws HttpProblem 422 with all problems at once. */
export function bodyReader<S extends TSchema>(schema: S): (body: unknown) => Static<S> {
  const check = compileSchema<Static<S>>(schema)
  return (body) => valid(check(body))
}

/** @throws HttpProblem 422 */
export function valid<T>(checked: Checked<T>, within = ''): T {
  if (checked.ok) return checked.value
  throw invalidBody(checked.problems.map((problem) => ({ ...problem, field: `${within}${problem.field}` })))
}

export function invalidBody(errors: Problem[]): HttpProblem {
  return new HttpProblem(422, 'Unprocessable Content', 'the body is not valid', { errors })
}
