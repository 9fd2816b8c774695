import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox'
import type { FastifyInstance } from 'fastify'
import Type from 'typebox'
import type { KeyRing } from '../../platform/keyring.ts'
import type { Logger } from '../../platform/runtime/log.ts'
import { responses } from '../http/route.ts'
import type { AdminAuthenticator } from './authenticator.ts'
import { callbackPath, type LoginAttempt, type OidcLogin } from './oidc.ts'
import { beginSession } from './session-routes.ts'
import { cookieOptions, openCookie, type Sessions, sealCookie } from './sessions.ts'

export type OidcDeps = { oidc: OidcLogin; gate: AdminAuthenticator; sessions: Sessions; keys: KeyRing; log: Logger }

const attemptCookie = '__Host-hookline-login'
const LoginQuery = Type.Object({
  returnTo: Type.Optional(Type.String({ maxLength: 500, default: '/', description: 'A path of the console.' })),
})
/** Lax: the provider's page leads back here, which is a navigation from another site. */
const attemptOptions = { ...cookieOptions, sameSite: 'lax' } as const
const redirect = (description: string) => ({ 302: { description, headers: { location: { type: 'string' } } } })

/** Sign-in by the OpenID provider: there, and back. */
export function addOidcRoutes(server: FastifyInstance, { oidc, gate, sessions, keys, log }: OidcDeps): void {
  server.withTypeProvider<TypeBoxTypeProvider>().route({
    method: 'GET',
    url: '/api/v1/auth/login',
    schema: {
      operationId: 'login',
      tags: ['session'],
      summary: 'Sign in by the OpenID provider',
      security: [],
      querystring: LoginQuery,
      response: responses(redirect("To the provider's page.")),
    },
    handler: async (request, reply) => {
      const { returnTo = '/' } = request.query
      const { attempt, location } = await oidc.begin(returnTo)
      const cookie = sealCookie(keys, attemptCookie, attempt)
      return reply
        .header('cache-control', 'no-store')
        .setCookie(attemptCookie, cookie, attemptOptions)
        .redirect(location)
    },
  })
  server.route({
    method: 'GET',
    url: callbackPath,
    schema: {
      operationId: 'loginCallback',
      tags: ['session'],
      summary: 'Where the OpenID provider leads back to',
      security: [],
      response: responses(redirect('Signed in: back to the console.')),
    } as object,
    handler: async (request, reply) => {
      reply.header('cache-control', 'no-store').clearCookie(attemptCookie, attemptOptions)
      const attempt = openCookie<LoginAttempt>(keys, attemptCookie, request.cookies[attemptCookie] ?? '')
      const identity = await oidc.end(attempt, request.url).catch((error: unknown) => gate.refuse(request, error))
      beginSession({ sessions, log }, identity, reply)
      return reply.redirect(attempt?.returnTo ?? '/')
    },
  })
}
