import type { FastifyInstance, FastifyReply } from 'fastify'
import Type from 'typebox'
import { SessionView } from '../../domain/api/account.ts'
import { type Identity, unauthorized, type VerifyToken } from '../../platform/http/auth.ts'
import { HttpProblem } from '../../platform/http/problem.ts'
import type { Clock } from '../../platform/runtime/clock.ts'
import type { Logger } from '../../platform/runtime/log.ts'
import { acknowledged } from '../http/acknowledged.ts'
import { bodyReader } from '../http/route.ts'
import { addAccessRoute } from './access-route.ts'
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

const session = { url: '/api/v1/session' } as const
const tags = ['session']
/** Longest validity of a login token. A used token is remembered for longer than that. */
const longestLoginMs = 3_600_000

const LoginBody = Type.Object(
  { token: Type.String({ minLength: 1, maxLength: 8_192, description: 'A JWT with "use": "login".' }) },
  { additionalProperties: false },
)
const readBody = bodyReader(LoginBody)

/** The browser's session: begun with a login token that works once, shown, ended. */
export function addSessionRoutes(server: FastifyInstance, deps: SessionDeps): void {
  const { gate } = deps
  addAccessRoute(server, {
    ...session,
    operationId: 'getSession',
    method: 'GET',
    schema: {
      tags,
      summary: 'Who sends the request, and what they may do',
      answers: { 200: { description: 'The identity of this request.', schema: SessionView } },
    },
    handle: async (request) => ({ status: 200 as const, body: toView(await gate.admit(request)) }),
  })
  addAccessRoute(server, {
    ...session,
    operationId: 'beginSession',
    method: 'POST',
    isOpen: true,
    schema: {
      tags,
      summary: 'Begin a session in the browser',
      description:
        'Takes a login token, which is valid once and for at most an hour. The answer sets the session cookie.',
      body: LoginBody,
      answers: { 201: { description: 'Begun.', schema: SessionView } },
    },
    handle: async (request, reply) => {
      requireOwnPage(request, null, deps.publicOrigin)
      const { token } = readBody(request.body)
      const identity = await takeLogin(deps, token).catch((error: unknown) => gate.refuse(request, error))
      return { status: 201 as const, body: toView(beginSession(deps, identity, reply)) }
    },
  })
  addAccessRoute(server, {
    ...session,
    operationId: 'endSession',
    method: 'DELETE',
    schema: {
      tags,
      summary: 'End the session in the browser',
      answers: { 204: { description: 'Ended: no instance accepts a copy of the cookie any more.' } },
    },
    handle: async (request, reply) => {
      const { identity, csrfToken } = await gate.admit(request)
      const { marks, clock } = deps
      if (csrfToken !== null) await acknowledged(clock, marks.end({ csrfToken }, identity.subject, clock.nowMs()))
      reply.clearCookie(sessionCookie, { ...cookieOptions, sameSite: 'strict' })
      return { status: 204 as const }
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
  if (expiresAtMs > clock.nowMs() + longestLoginMs) throw unauthorized('the login token is valid for more than an hour')
  if (!(await acknowledged(clock, marks.take(id, identity.subject, clock.nowMs()))))
    throw unauthorized('the login token has been used before')
  return identity
}

function toView({ identity, csrfToken, expiresAtMs }: Caller): SessionView {
  return { ...identity, csrfToken, expiresAt: new Date(expiresAtMs).toISOString() }
}
