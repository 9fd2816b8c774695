import type { FastifyInstance } from 'fastify'
import { OAuth2Server } from 'oauth2-mock-server'
import { pino } from 'pino'
import { Registry } from 'prom-client'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { createIssuer } from '../../../../deploy/demo/issuer.ts'
import { addAccess } from '../../../../services/admin/access/install.ts'
import { OidcLogin, ownPath } from '../../../../services/admin/access/oidc.ts'
import { sessionCookie } from '../../../../services/admin/access/sessions.ts'
import { ConfigError } from '../../../../services/platform/config/config.ts'
import { createVerifier } from '../../../../services/platform/http/auth.ts'
import { createHttpServer } from '../../../../services/platform/http/http-server.ts'
import { systemClock } from '../../../../services/platform/runtime/clock.ts'
import { Readiness } from '../../../../services/platform/runtime/readiness/readiness.ts'
import { keys, stillClock } from '../support.ts'
import { marksOfLog } from './session-log.ts'

let provider: OAuth2Server
let server: FastifyInstance
/** Claims of the ID tokens. */
let claims: Record<string, unknown>

const variables = (issuer: string) => ({
  HOOKLINE_PUBLIC_URL: 'https://hooks.example',
  HOOKLINE_OIDC_ISSUER_URL: issuer,
  HOOKLINE_OIDC_CLIENT_ID: 'hookline-console',
  HOOKLINE_OIDC_CLIENT_SECRET: 'a secret',
  HOOKLINE_OIDC_SCOPE: 'openid profile',
})

beforeEach(async () => {
  provider = new OAuth2Server()
  await provider.issuer.keys.generate('RS256')
  await provider.start(0, '127.0.0.1')
  claims = { sub: 'ana', role: 'editor', permissions: ['webhooks:write'], businessId: 'b1' }
  provider.service.on('beforeTokenSigning', (token) => Object.assign(token.payload, claims))
  const log = pino({ level: 'silent' })
  server = createHttpServer({ log, readiness: new Readiness(), metrics: new Registry() })
  const limits = {
    HOOKLINE_BROWSER_SESSION_MS: 60_000,
    HOOKLINE_RATE_LIMIT_PER_MINUTE: 100,
    HOOKLINE_FAILED_LOGINS_PER_MINUTE: 100,
  }
  const verify = createVerifier({
    HOOKLINE_AUTH_JWKS_URL: '',
    HOOKLINE_AUTH_PUBLIC_KEY: (await createIssuer()).publicKey,
    HOOKLINE_AUTH_ISSUER: 'hookline',
    HOOKLINE_AUTH_AUDIENCE: 'hookline',
    HOOKLINE_AUTH_ALGORITHMS: 'EdDSA',
  })
  const config = { ...variables(provider.issuer.url ?? ''), ...limits }
  await addAccess(server, { config, verify, keys, marks: marksOfLog().join(), clock: systemClock, log })
})

afterEach(() => provider.stop())

/** Goes to the provider and back, as a browser does. */
async function signIn(returnTo: string) {
  const begun = await server.inject({ url: `/api/v1/auth/login?returnTo=${encodeURIComponent(returnTo)}` })
  const location = new URL(String(begun.headers.location))
  const [attempt] = begun.cookies
  const answer = await fetch(location, { redirect: 'manual' })
  const back = new URL(answer.headers.get('location') ?? '')
  return { begun, location, attempt, back }
}

const comeBack = (back: URL, cookie: string | undefined) =>
  server.inject({
    url: back.pathname + back.search,
    headers: { 'sec-fetch-site': 'cross-site', ...(cookie && { cookie: `__Host-hookline-login=${cookie}` }) },
  })

test('a sign-in through the provider, with PKCE, state and nonce, begins a session', async () => {
  const { begun, location, attempt, back } = await signIn('/businesses/b1?tab=audit')
  expect([begun.statusCode, location.origin]).toEqual([302, provider.issuer.url])
  const asked = Object.fromEntries(location.searchParams)
  expect(asked).toMatchObject({ code_challenge_method: 'S256', client_id: 'hookline-console', response_type: 'code' })
  expect(asked.redirect_uri).toBe('https://hooks.example/api/v1/auth/callback')
  for (const name of ['code_challenge', 'state', 'nonce']) expect(asked[name]).toMatch(/^[\w-]{43}$/)
  expect(attempt).toMatchObject({ httpOnly: true, secure: true, sameSite: 'Lax', path: '/' })
  expect(attempt?.value).toMatch(/^sealed/)

  const ended = await comeBack(back, attempt?.value)
  expect([ended.statusCode, ended.headers.location]).toEqual([302, '/businesses/b1?tab=audit'])
  const session = ended.cookies.find(({ name }) => name === sessionCookie)
  expect(session).toMatchObject({ httpOnly: true, secure: true, sameSite: 'Strict', path: '/' })
  const shown = await server.inject({
    url: '/api/v1/session',
    headers: { cookie: `${sessionCookie}=${session?.value}` },
  })
  expect(shown.json()).toMatchObject({
    subject: 'ana',
    role: 'editor',
    permissions: ['webhooks:write'],
    businessId: 'b1',
    csrfToken: expect.any(String),
  })
})

test.each([
  ['another browser', (back: URL) => [back, undefined]],
  ['another state', (back: URL, cookie: string) => [withParameter(back, 'state', 'x'), cookie]],
  ['another code', (back: URL, cookie: string) => [withParameter(back, 'code', ''), cookie]],
  ['an error of the provider', (back: URL, cookie: string) => [withParameter(back, 'error', 'access_denied'), cookie]],
] as [string, (back: URL, cookie: string) => [URL, string | undefined]][])(
  'a sign-in is refused after a callback with %s',
  async (_what, change) => {
    const { attempt, back } = await signIn('/')
    const answer = await comeBack(...change(back, attempt?.value ?? ''))
    expect(answer.statusCode).toBe(401)
    expect(answer.json()).toMatchObject({ login: 'oidc' })
    expect(answer.cookies.some(({ name }) => name === sessionCookie)).toBe(false)
  },
)

test('a sign-in is refused with an ID token of another nonce, client or issuer', async () => {
  for (const wrong of [{ nonce: 'x' }, { aud: 'other' }, { iss: 'https://evil.example' }]) {
    claims = { sub: 'ana', role: 'super_admin', businessId: '*', ...wrong }
    const { attempt, back } = await signIn('/')
    expect([wrong, (await comeBack(back, attempt?.value)).statusCode]).toEqual([wrong, 401])
  }
})

test('a 401 names the login, and the login answers 503 while the provider is unavailable', async () => {
  expect((await server.inject({ url: '/api/v1/session' })).json()).toMatchObject({ status: 401, login: 'oidc' })
  await provider.stop()
  expect((await server.inject({ url: '/api/v1/auth/login' })).statusCode).toBe(503)
  await provider.start(0, '127.0.0.1')
})

test.each([
  ['/a?b=c#d', '/a?b=c#d'],
  ['https://evil.example/', '/'],
  ['//evil.example/', '/'],
  ['/\\evil.example/', '/'],
  ['/%0d//evil.example', '/%0d//evil.example'],
  ['/\t/evil.example', '/'],
  ['/x/..//evil.example', '/'],
  ['javascript:alert(1)', '/'],
  ['', '/'],
])('the path to return to, given as %j, becomes %s', (returnTo, expected) => {
  expect(ownPath(returnTo)).toBe(expected)
})

test.each([
  ['', 'id', 'https://h.example', 'none'],
  ['https://id.example', '', 'https://h.example', 'wrong'],
  ['https://id.example', 'id', '', 'wrong'],
  ['http://id.example', 'id', 'https://h.example', 'wrong'],
  ['http://127.0.0.1:1', 'id', 'https://h.example', 'right'],
])('with issuer %j, client %j and public URL %j the OIDC configuration is %s', (issuer, id, publicUrl, expected) => {
  const config = { ...variables(issuer), HOOKLINE_OIDC_CLIENT_ID: id, HOOKLINE_PUBLIC_URL: publicUrl }
  const configured = () => OidcLogin.configured(config, stillClock)
  if (expected === 'wrong') expect(configured).toThrow(ConfigError)
  else expect(configured() === null).toBe(expected === 'none')
})

function withParameter(url: URL, name: string, value: string): URL {
  const changed = new URL(url)
  changed.searchParams.set(name, value)
  return changed
}
