import fastifyCookie from '@fastify/cookie'
import type { FastifyInstance } from 'fastify'
import type { Static } from 'typebox'
import type { VerifyToken } from '../../platform/http/auth.ts'
import type { KeyRing } from '../../platform/keyring.ts'
import type { Clock } from '../../platform/runtime/clock.ts'
import type { Logger } from '../../platform/runtime/log.ts'
import type { adminConfig } from '../config.ts'
import { type AdminAuthenticator, createAdminAuthenticator } from './authenticator.ts'
import { createIdentify } from './identify.ts'
import { OidcLogin, type OidcVariables } from './oidc.ts'
import { addOidcRoutes } from './oidc-routes.ts'
import type { SessionMarks } from './session-marks.ts'
import { addSessionRoutes } from './session-routes.ts'
import { Sessions } from './sessions.ts'

type AccessConfig = Pick<
  Static<typeof adminConfig>,
  | 'HOOKLINE_PUBLIC_URL'
  | 'HOOKLINE_BROWSER_SESSION_MS'
  | 'HOOKLINE_RATE_LIMIT_PER_MINUTE'
  | 'HOOKLINE_FAILED_LOGINS_PER_MINUTE'
> &
  OidcVariables

export type AccessDeps = {
  config: AccessConfig
  verify: VerifyToken
  keys: KeyRing
  marks: SessionMarks
  clock: Clock
  log: Logger
}

/** Adds authentication: cookies, limits, and the routes of the browser's session. */
export async function addAccess(server: FastifyInstance, deps: AccessDeps): Promise<AdminAuthenticator> {
  const { config, verify, keys, marks, clock, log } = deps
  const publicOrigin = config.HOOKLINE_PUBLIC_URL
  const sessions = new Sessions(keys, clock, config.HOOKLINE_BROWSER_SESSION_MS)
  const oidc = OidcLogin.configured(config, clock)
  await server.register(fastifyCookie)
  const gate = await createAdminAuthenticator(server, {
    identify: createIdentify({ verify, sessions, marks, publicOrigin }),
    login: oidc ? 'oidc' : 'none',
    requestsPerMinute: config.HOOKLINE_RATE_LIMIT_PER_MINUTE,
    failuresPerMinute: config.HOOKLINE_FAILED_LOGINS_PER_MINUTE,
  })
  await server.register(async (own) =>
    addSessionRoutes(own, { gate, verify, sessions, marks, publicOrigin, clock, log }),
  )
  if (oidc) addOidcRoutes(server, { oidc, gate, sessions, keys, log })
  return gate
}
