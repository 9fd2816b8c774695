import type { FastifyInstance } from 'fastify'
import Type from 'typebox'
import type { KeyRing } from '../../platform/keyring.ts'
import type { Logger } from '../../platform/runtime/log.ts'
import { addAccessRoute } from './access-route.ts'
import type { AdminAuthenticator } from './authenticator.ts'
import { callbackPath, type LoginAttempt, type OidcLogin } from './oidc.ts'
import { beginSession } from './session-routes.ts'
import { cookieOptions, openCookie, type Sessions, sealCookie } from './sessions.ts'

export type OidcDeps = { oidc: OidcLogin; gate: AdminAuthenticator; sessions: Sessions; keys: KeyRing; log: Logger }

const tags = ['session']
const attemptCookie = '__Host-hookline-login'
const LoginQuery = Type.Object({
  returnTo: Type.Optional(Type.String({ maxLength: 500, default: '/', description: 'A path of the console.' })),
})
/** Lax, because the provider's page leads back here, which is a navigation from another site. */
const attemptOptions = { ...cookieOptions, sameSite: 'lax' } as const
const redirect = (description: string) => ({ 302: { description, headers: { location: { type: 'string' } } } }) as const

/** Sign-in through the OpenID provider: to its page, and back. */
export function addOidcRoutes(server: FastifyInstance, { oidc, gate, sessions, keys, log }: OidcDeps): void {
  addAccessRoute(server, {
    operationId: 'login',
    method: 'GET',
    url: '/api/v1/auth/login',
    isOpen: true,
    schema: {
      tags,
      summary: 'Sign in through the OpenID provider',
      querystring: LoginQuery,
      answers: redirect("To the provider's page."),
    },
    handle: async (request, reply) => {
      const { returnTo = '/' } = request.query
      const { attempt, location } = await oidc.begin(returnTo)
      reply.setCookie(attemptCookie, sealCookie(keys, attemptCookie, attempt), attemptOptions)
      return { status: 302 as const, headers: { location } }
    },
  })
  addAccessRoute(server, {
    operationId: 'loginCallback',
    method: 'GET',
    url: callbackPath,
    isOpen: true,
    schema: {
      tags,
      summary: 'Where the OpenID provider leads back to',
      answers: redirect('Signed in: back to the console.'),
    },
    handle: async (request, reply) => {
      reply.clearCookie(attemptCookie, attemptOptions)
      const attempt = openCookie<LoginAttempt>(keys, attemptCookie, request.cookies[attemptCookie] ?? '')
      const identity = await oidc.end(attempt, request.url).catch((error: unknown) => gate.refuse(request, error))
      beginSession({ sessions, log }, identity, reply)
      return { status: 302 as const, headers: { location: attempt?.returnTo ?? '/' } }
    },
  })
}
