import type { FastifyRequest } from 'fastify'
import { type Identity, unauthorized, type VerifyToken, verifyBearer } from '../../platform/http/auth.ts'
import { HttpProblem } from '../../platform/http/problem.ts'
import { foreignReason, type Provenance } from './same-origin.ts'
import type { SessionMarks } from './session-marks.ts'
import { type Sessions, sessionCookie } from './sessions.ts'

/** The sender of a request, and the end of that identity. */
export type Caller = {
  identity: Identity
  /** End of the identity, in milliseconds since the epoch. */
  expiresAtMs: number
  /** Token of a browser session; null with a bearer token. */
  csrfToken: string | null
}

/** @throws HttpProblem 401, 403 for a request of another site's page, 503 while tokens cannot be verified. */
export type Identify = (request: FastifyRequest) => Promise<Caller>

export type IdentifyDeps = {
  verify: VerifyToken
  sessions: Sessions
  marks: Pick<SessionMarks, 'hasEnded'>
  publicOrigin: string
}

/** Identifies callers by the Authorization header, otherwise by the browser's session cookie. */
export function createIdentify({ verify, sessions, marks, publicOrigin }: IdentifyDeps): Identify {
  return async (request) => {
    const { authorization } = request.headers
    const cookie = request.cookies[sessionCookie]
    if (authorization !== undefined || cookie === undefined) {
      const { identity, expiresAtMs } = await verifyBearer(verify, authorization)
      return { identity, expiresAtMs, csrfToken: null }
    }
    const session = sessions.open(cookie)
    if (!session || marks.hasEnded(session)) throw unauthorized('the session has ended')
    requireOwnPage(request, session.csrfToken, publicOrigin)
    return session
  }
}

/** Refuses requests of other sites' pages. @param csrfToken null before there is a session. @throws HttpProblem 403 */
export function requireOwnPage(request: FastifyRequest, csrfToken: string | null, publicOrigin: string): void {
  const why = foreignReason(readProvenance(request), csrfToken, publicOrigin)
  if (why !== null) throw new HttpProblem(403, 'Forbidden', why)
}

function readProvenance({ method, headers }: FastifyRequest): Provenance {
  const text = (name: string) => {
    const value = headers[name]
    return Array.isArray(value) ? value.join() : value
  }
  const csrfToken = text('x-csrf-token')
  return { method, host: headers.host, origin: headers.origin, secFetchSite: text('sec-fetch-site'), csrfToken }
}
