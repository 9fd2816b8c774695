import rateLimit from '@fastify/rate-limit'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { HttpProblem } from '../../platform/http/problem.ts'
import type { Caller, Identify } from './identify.ts'
import { sessionCookie } from './sessions.ts'

export type AdminAuthenticatorOptions = {
  identify: Identify
  /** Way to sign in, for the problem details of a 401. */
  login: 'oidc' | 'none'
  requestsPerMinute: number
  failuresPerMinute: number
}

/** Identifies the caller of a request and applies the limits. @throws HttpProblem 401, 403, 429, 503 */
export type Admit = (request: FastifyRequest) => Promise<Caller>

export type AdminAuthenticator = {
  admit: Admit
  /** Counts a failed sign-in that `admit` does not see, and throws it, or 429 after too many. */
  refuse(request: FastifyRequest, error: unknown): Promise<never>
}

const minuteMs = 60_000

/**
 * Authentication with its limits, which this instance counts by itself: requests by identity, failures by address (IPv6 by
 * /64). Failures at an address do not affect identities that are known.
 */
export async function createAdminAuthenticator(
  server: FastifyInstance,
  options: AdminAuthenticatorOptions,
): Promise<AdminAuthenticator> {
  const { identify, login, requestsPerMinute, failuresPerMinute } = options
  await server.register(rateLimit, { global: false })
  const callers = new WeakMap<FastifyRequest, string>()
  const limits = { timeWindow: minuteMs }
  const countRequest = server.createRateLimit({
    ...limits,
    max: requestsPerMinute,
    keyGenerator: (request) => callers.get(request) ?? '',
  })
  const countFailure = server.createRateLimit({ ...limits, max: failuresPerMinute })
  const check = async (count: typeof countRequest, request: FastifyRequest, what: string) => {
    const limit = await count(request)
    if (limit.isAllowed || !limit.isExceeded) return
    const retryAfter = { 'retry-after': String(limit.ttlInSeconds) }
    throw new HttpProblem(429, 'Too Many Requests', `more than ${limit.max} ${what} a minute`, {}, retryAfter)
  }
  const refuse = async (request: FastifyRequest, error: unknown): Promise<never> => {
    if (!(error instanceof HttpProblem) || error.status !== 401) throw error
    if (hasCredentials(request)) await check(countFailure, request, 'failed authentications')
    throw new HttpProblem(401, error.title, error.message, { login }, error.headers)
  }
  const admit = async (request: FastifyRequest) => {
    const caller = await identify(request).catch((error: unknown) => refuse(request, error))
    const { subject, businessId } = caller.identity
    callers.set(request, JSON.stringify([subject, businessId]))
    await check(countRequest, request, 'requests')
    return caller
  }
  return { admit, refuse }
}

/** Whether the request carries credentials. Without any, it does not count as a failed authentication. */
function hasCredentials({ headers, cookies, method }: FastifyRequest): boolean {
  return headers.authorization !== undefined || cookies[sessionCookie] !== undefined || method === 'POST'
}
