import type { FastifyInstance, FastifyReply } from 'fastify'
import Type from 'typebox'
import { SessionView } from '../../domain/api/account.ts'
import { type Identity, unauthorized, type VerifyToken } from '../../platform/http/auth.ts'
import { HttpProblem } from '../../platform/http/problem.ts'
import type { Clock } from '../../platform/runtime/clock.ts'
import type { Logger } from '../../platform/runtime/log.ts'
import { bodyReader, responses } from '../http/route.ts'
import type { AdminAuthenticator } from './authenticator.ts'
import { type Caller, requireOwnPage } from './identify.ts'
import type { SessionMarks } from './session-marks.ts'
import { cookieOptions, type Sessions, sessionCookie } from './sessions.ts'

export type SessionDeps = {
  gate: AdminAuthenticator
  verify: VerifyToken
  sessions: Sessions
  marks: SessionMarks
  publicOrigin: string
  clock: Clock
  log: Logger
}

const url = '/api/v1/session'
const tags = ['session']
/** Longest wait for a mark to be written to webhook-sessions and read back. */
const markTimeoutMs = 10_000
/** Longest validity of a login token: used ones are remembered for longer than that. */
const longestLoginMs = 3_600_000

const LoginBody = Type.Object(
  { token: Type.String({ minLength: 1, maxLength: 8_192, description: 'A JWT with "use": "login".' }) },
  { additionalProperties: false },
)
const readBody = bodyReader(LoginBody)
const shown = (description: string) => ({ description, schema: SessionView })

/** The browser's session: begun once with a login token, shown, ended. */
export function addSessionRoutes(server: FastifyInstance, deps: SessionDeps): void {
  const { gate } = deps
  server.addHook('onRequest', async (_request, reply) => void reply.header('cache-control', 'no-store'))
  server.route({
    method: 'GET',
    url,
    schema: {
      operationId: 'getSession',
      tags,
      summary: 'Who sends the request, and what they may do',
      security: [{ bearer: [] }, { session: [] }],
      response: responses({ 200: shown('The identity of this request.') }),
    } as object,
    handler: async (request) => viewOf(await gate.admit(request)),
  })
  server.route({
    method: 'POST',
    url,
    schema: {
      operationId: 'beginSession',
      tags,
      summary: 'Begin a session in the browser',
      description:
        'Takes a login token, which is valid once and for at most an hour. The answer sets the session cookie.',
      security: [],
      body: LoginBody,
      response: responses({ 201: shown('Begun.') }, [413, 415, 422]),
    } as object,
    validatorCompiler: () => () => true,
    handler: async (request, reply) => {
      requireOwnPage(request, null, deps.publicOrigin)
      const { token } = readBody(request.body)
      const identity = await takeLogin(deps, token).catch((error: unknown) => gate.refuse(request, error))
      return reply.code(201).send(viewOf(beginSession(deps, identity, reply)))
    },
  })
  server.route({
    method: 'DELETE',
    url,
    schema: {
      operationId: 'endSession',
      tags,
      summary: 'End the session in the browser',
      security: [{ bearer: [] }, { session: [] }],
      response: responses({ 204: { description: 'Ended: no instance accepts a copy of the cookie any more.' } }),
    } as object,
    handler: async (request, reply) => {
      const { identity, csrfToken } = await gate.admit(request)
      const { marks, clock } = deps
      if (csrfToken !== null) await inTime(clock, marks.end({ csrfToken }, identity.subject, clock.nowMs()))
      return reply
        .clearCookie(sessionCookie, { ...cookieOptions, sameSite: 'strict' })
        .code(204)
        .send()
    },
  })
}

/** Sets the cookie of a new session. @throws HttpProblem 422 when the identity does not fit into one. */
export function beginSession(
  { sessions, log }: Pick<SessionDeps, 'sessions' | 'log'>,
  identity: Identity,
  reply: FastifyReply,
): Caller {
  const begun = sessions.begin(identity)
  if (!begun) throw new HttpProblem(422, 'Unprocessable Content', 'too many permissions for a session cookie')
  reply.setCookie(sessionCookie, begun.cookie, { ...cookieOptions, sameSite: 'strict' })
  log.info({ subject: identity.subject, role: identity.role, businessId: identity.businessId }, 'session begun')
  return begun.session
}

async function takeLogin({ verify, marks, clock }: SessionDeps, token: string): Promise<Identity> {
  const { identity, use, id, expiresAtMs } = await verify(token)
  if (use !== 'login' || id === '') throw unauthorized('not a login token')
  if (expiresAtMs > clock.nowMs() + longestLoginMs) throw unauthorized('the login token lasts too long')
  if (!(await inTime(clock, marks.take(id, identity.subject, clock.nowMs()))))
    throw unauthorized('the login token has been used before')
  return identity
}

/** Without Kafka it cannot be told whether a token has been used, nor be told to all that a session has ended. */
async function inTime<T>(clock: Clock, write: Promise<T>): Promise<T> {
  const done = new AbortController()
  const late = clock.sleep(markTimeoutMs, done.signal).then(() => {
    throw new HttpProblem(
      503,
      'Service Unavailable',
      'Kafka has not acknowledged it in time',
      {},
      { 'retry-after': '5' },
    )
  })
  try {
    return await Promise.race([write, late])
  } finally {
    // What is late then is nobody's.
    late.catch(() => undefined)
    done.abort()
  }
}

function viewOf({ identity, csrfToken, expiresAtMs }: Caller): SessionView {
  return { ...identity, csrfToken, expiresAt: new Date(expiresAtMs).toISOString() }
}
