import { STATUS_CODES } from 'node:http'
import { SerializerSelector } from '@fastify/fast-json-stringify-compiler'
import Fastify, {
  type FastifyBaseLogger,
  type FastifyBodyParser,
  type FastifyError,
  type FastifyInstance,
  type FastifyReply,
  type FastifyRequest,
  type FastifySchemaCompiler,
  LogController,
} from 'fastify'
import { type CompileSchema, type Problem, schemaCompiler } from '../json/json-schema.ts'
import { hasMoreValuesThan } from '../json/json-values.ts'
import { illFormedTexts } from '../json/well-formed.ts'
import type { Logger } from '../runtime/log.ts'
import type { Registry } from '../runtime/metrics.ts'
import type { Readiness } from '../runtime/readiness/readiness.ts'
import { type AllowedMethods, collectAllowedMethods, methodNotAllowed } from './allowed-methods.ts'
import { HttpProblem } from './problem.ts'

declare module 'fastify' {
  interface FastifyInstance {
    allowedMethods: AllowedMethods
  }
}

const build = SerializerSelector()
const maxParameterLength = 2_000
/** Maximum ill-formed texts named in a response. */
const maxIllFormedTexts = 50

export type HttpServerOptions = {
  log: Logger
  readiness: Readiness
  metrics: Registry
  /** Largest request body; larger ones get 413. */
  bodyLimitBytes?: number
  /** Handles requests without a route; by default with a 404. */
  notFound?: (request: FastifyRequest, reply: FastifyReply) => unknown
}

/**
 * Creates a server with /healthz, /readyz and /metrics (contract.md, section 5). Errors are problem details (RFC 9457).
 */
export function createHttpServer({
  log,
  readiness,
  metrics,
  bodyLimitBytes,
  notFound,
}: HttpServerOptions): FastifyInstance {
  const server = Fastify({
    loggerInstance: log as FastifyBaseLogger,
    logController: new LogController({ disableRequestLogging: true }),
    bodyLimit: bodyLimitBytes ?? 1_048_576,
    forceCloseConnections: 'idle',
    // Longer parameters than any schema allows are refused by the schema, which names the parameter.
    routerOptions: { maxParamLength: maxParameterLength },
    schemaController: { compilersFactory: { buildSerializer: lazySerializers } },
    frameworkErrors: (error, _request, reply) => sendProblem(toProblem(error), reply),
  })
  const allowedMethods = collectAllowedMethods(server, maxParameterLength)
  server.decorate('allowedMethods', allowedMethods)
  // Checked before the body is read, because some methods would require a content type.
  server.addHook('onRequest', async (request) => {
    if (request.is404) requireAllowed(request)
  })
  server.addContentTypeParser(jsonTypes, { parseAs: 'string' }, boundedJsonParser(server))
  server.setValidatorCompiler(requestValidators())
  server.addHook('preValidation', async ({ body }) => requireWellFormed(body))
  server.get('/healthz', { schema: { hide: true } as object }, async () => ({ status: 'alive' }))
  server.get('/readyz', { schema: { hide: true } as object }, async (_request, reply) => {
    if (!readiness.ready) reply.code(503)
    const unread = Object.fromEntries(readiness.unread.topics())
    const shown = Object.keys(unread).length > 0 && { unread }
    return readiness.ready
      ? { status: 'ready', ...shown }
      : { status: 'not ready', faults: readiness.faults(), ...shown }
  })
  server.get('/metrics', { schema: { hide: true } as object }, async (_request, reply) => {
    reply.type(metrics.contentType)
    return metrics.metrics()
  })
  server.setNotFoundHandler(notFound ?? nothingThere)
  server.setErrorHandler((error: FastifyError | HttpProblem, request, reply) => {
    const problem = error instanceof HttpProblem ? error : toProblem(error)
    if (problem.status >= 500 && !(error instanceof HttpProblem)) request.log.error({ err: error }, 'request failed')
    sendProblem(problem, reply)
  })
  return server
}

/**
 * Makes what writes an answer when the first one of its kind is sent. Fastify makes all of them at the start, for every
 * status of every route: 0.2 s of CPU in admin.
 */
const lazySerializers: typeof build = (...options) => {
  const compile = build(...options)
  return (route) => {
    let write: ReturnType<typeof compile> | undefined
    return (value) => {
      write ??= compile(route)
      return write(value)
    }
  }
}

/** JSON, and JSON merge patches (RFC 7396). */
const jsonTypes = ['application/json', 'application/merge-patch+json']
/**
 * Maximum values in a body; a definition with 1,000 channels has 1,020. Handling 1 MB of the smallest values blocked
 * the event loop for 400 ms.
 */
const maxJsonValues = 10_000

function boundedJsonParser(server: FastifyInstance): FastifyBodyParser<string> {
  const parse = server.getDefaultJsonParser('error', 'error')
  return (request, text, done) => {
    if (hasMoreValuesThan(text, maxJsonValues))
      return done(new HttpProblem(422, 'Unprocessable Content', `the body has more than ${maxJsonValues} values`))
    return parse(request, text, done)
  }
}

function sendProblem(problem: HttpProblem, reply: FastifyReply): void {
  reply.code(problem.status).headers(problem.headers).type('application/problem+json').send(problem.body())
}

/** @throws HttpProblem 405 where only other methods have routes. */
function requireAllowed(request: FastifyRequest): void {
  const allowed = request.server.allowedMethods(request.url.split('?')[0] ?? '')
  if (allowed.length > 0 && !allowed.includes(request.method)) throw methodNotAllowed(request.method, allowed)
}

/** @throws HttpProblem 404, 405 */
export function nothingThere(request: FastifyRequest): never {
  requireAllowed(request)
  throw new HttpProblem(404, 'Not Found', `nothing found at ${request.method} ${request.url.split('?')[0]}`)
}

/** @throws HttpProblem 422 for texts without a UTF-8 form (contract.md, section 4). */
function requireWellFormed(body: unknown): void {
  const problems = illFormedTexts(body, maxIllFormedTexts)
  if (problems.length > 0)
    throw new HttpProblem(422, 'Unprocessable Content', 'the body has text that is not well-formed Unicode', {
      errors: problems,
    })
}

/** Paths and query strings are text, so their values are coerced. In a JSON body, "true" is not a boolean. */
function requestValidators(): FastifySchemaCompiler<object> {
  const ofText = schemaCompiler({ strict: false, coerceTypes: 'array' })
  const ofBody = schemaCompiler({ strict: false })
  return ({ schema, httpPart }) => requestValidator(httpPart === 'body' ? ofBody : ofText, schema, httpPart)
}

function requestValidator(compile: CompileSchema, schema: object, httpPart = 'request') {
  const check = compile<unknown>(schema)
  return (value: unknown) => {
    const checked = check(value)
    return checked.ok ? { value: checked.value } : { error: invalidRequest(httpPart, checked.problems) }
  }
}

function invalidRequest(httpPart: string, errors: Problem[]): HttpProblem {
  return new HttpProblem(400, 'Bad Request', `the ${httpPart} is not valid`, { errors })
}

function toProblem(error: FastifyError): HttpProblem {
  const status = error.statusCode ?? 500
  const title = STATUS_CODES[status] ?? 'Error'
  if (status >= 500) return new HttpProblem(status, title, 'the request failed because of an internal error')
  return new HttpProblem(status, title, error.message)
}
