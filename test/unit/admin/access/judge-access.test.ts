import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { FastifyInstance } from 'fastify'
import { pino } from 'pino'
import { Registry } from 'prom-client'
import { afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { createIssuer, type Issuer } from '../../../../deploy/demo/issuer.ts'
import { addAccess } from '../../../../services/admin/access/install.ts'
import { foreignReason } from '../../../../services/admin/access/same-origin.ts'
import { Sessions, sealCookie, sessionCookie } from '../../../../services/admin/access/sessions.ts'
import { addConsole, pageOrNothing } from '../../../../services/admin/http/console-files.ts'
import { addSecurityHeaders } from '../../../../services/admin/http/security-headers.ts'
import { createVerifier } from '../../../../services/platform/http/auth.ts'
import { createHttpServer } from '../../../../services/platform/http/http-server.ts'
import { systemClock } from '../../../../services/platform/runtime/clock.ts'
import { Readiness } from '../../../../services/platform/runtime/readiness/readiness.ts'
import { keys } from '../support.ts'
import { marksOfLog } from './session-log.ts'

let issuer: Issuer
let server: FastifyInstance
let directory: string

beforeAll(async () => {
  issuer = await createIssuer()
})

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'hookline-console-'))
  const log = pino({ level: 'silent' })
  server = createHttpServer({
    log,
    readiness: new Readiness(),
    metrics: new Registry(),
    notFound: pageOrNothing(directory),
  })
  const config = {
    HOOKLINE_PUBLIC_URL: '',
    HOOKLINE_BROWSER_SESSION_MS: 60_000,
    HOOKLINE_RATE_LIMIT_PER_MINUTE: 20,
    HOOKLINE_FAILED_LOGINS_PER_MINUTE: 3,
    HOOKLINE_OIDC_ISSUER_URL: '',
    HOOKLINE_OIDC_CLIENT_ID: '',
    HOOKLINE_OIDC_CLIENT_SECRET: '',
    HOOKLINE_OIDC_SCOPE: 'openid',
  }
  const verify = createVerifier({
    HOOKLINE_AUTH_JWKS_URL: '',
    HOOKLINE_AUTH_PUBLIC_KEY: issuer.publicKey,
    HOOKLINE_AUTH_ISSUER: 'hookline',
    HOOKLINE_AUTH_AUDIENCE: 'hookline',
    HOOKLINE_AUTH_ALGORITHMS: 'EdDSA',
  })
  await addSecurityHeaders(server)
  const { admit } = await addAccess(server, {
    config,
    verify,
    keys,
    marks: marksOfLog().join(),
    clock: systemClock,
    log,
  })
  server.post('/api/v1/change', async (request) => (await admit(request)).identity)
  await addConsole(server, directory)
})

afterEach(() => rm(directory, { recursive: true, force: true }))

const claims = { role: 'editor', permissions: ['webhooks:write'], businessId: 'b1', subject: 'ana' }
const url = '/api/v1/session'
const ownPage = { host: 'hooks.example', origin: 'http://hooks.example', 'sec-fetch-site': 'same-origin' }

async function begin(token: string, headers: Record<string, string> = ownPage) {
  return server.inject({ method: 'POST', url, headers, payload: { token } })
}

/** A browser with a session: its cookie and its token against forged requests. */
async function signIn(): Promise<{ cookie: string; 'x-csrf-token': string }> {
  const begun = await begin(await issuer.loginToken(claims))
  const { value = '' } = begun.cookies.find(({ name }) => name === sessionCookie) ?? {}
  return { cookie: `${sessionCookie}=${value}`, 'x-csrf-token': begun.json().csrfToken }
}

describe('sessions', () => {
  test('a login token begins one session, which is shown and can be ended', async () => {
    const token = await issuer.loginToken(claims)
    const begun = await begin(token)
    expect(begun.statusCode).toBe(201)
    expect(begun.json()).toMatchObject({ ...claims, csrfToken: expect.stringMatching(/^.{43}$/) })
    expect(begun.headers['set-cookie']).toMatch(
      new RegExp(`^${sessionCookie}=sealed[^;]+; Path=/; HttpOnly; Secure; SameSite=Strict$`),
    )
    expect(begun.body + begun.headers['set-cookie']).not.toContain(token)
    expect((await begin(token)).statusCode).toBe(401)

    const { value = '' } = begun.cookies[0] ?? {}
    const cookie = `${sessionCookie}=${value}`
    const shown = await server.inject({ url, headers: { cookie } })
    expect(shown.json()).toEqual(begun.json())
    expect(shown.headers['cache-control']).toBe('no-store')
    const ended = await server.inject({
      method: 'DELETE',
      url,
      headers: { ...ownPage, cookie, 'x-csrf-token': begun.json().csrfToken },
    })
    expect(ended.statusCode).toBe(204)
    expect(ended.headers['set-cookie']).toMatch(new RegExp(`^${sessionCookie}=; .*Expires=Thu, 01 Jan 1970`))
  })

  test.each([
    ['a token for requests', () => issuer.token(claims)],
    ['an expired one', () => issuer.token(claims, '-1m')],
    ['no token at all', () => Promise.resolve('x')],
  ])('a session is refused to %s', async (_what, token) => {
    const answer = await begin(await token())
    expect(answer.statusCode).toBe(401)
    expect(answer.json()).toMatchObject({ login: 'none' })
    expect(answer.headers['set-cookie']).toBeUndefined()
  })

  test('a login token is not accepted as a bearer token', async () => {
    const headers = { authorization: `Bearer ${await issuer.loginToken(claims)}` }
    expect((await server.inject({ url, headers })).statusCode).toBe(401)
    const proper = { authorization: `Bearer ${await issuer.token(claims)}` }
    expect((await server.inject({ url, headers: proper })).json()).toMatchObject({ ...claims, csrfToken: null })
  })

  test.each([
    ['plain', () => JSON.stringify({ identity: claims, csrfToken: '', expiresAtMs: 9e15 })],
    [
      'sealed as another cookie',
      () => sealCookie(keys, 'other', { identity: claims, csrfToken: '', expiresAtMs: 9e15 }),
    ],
    ['expired', () => sealCookie(keys, sessionCookie, { identity: claims, csrfToken: '', expiresAtMs: 1 })],
    ['altered', () => `${new Sessions(keys, systemClock, 1_000).begin(claims)?.cookie}A`],
  ])('a session cookie that is %s is refused', async (_what, cookie) => {
    const headers = { cookie: `${sessionCookie}=${encodeURIComponent(cookie())}` }
    expect((await server.inject({ url, headers })).statusCode).toBe(401)
  })

  test('a copied cookie is refused after its session has ended', async () => {
    const headers = { ...ownPage, ...(await signIn()) }
    const other = { ...ownPage, ...(await signIn()) }
    expect((await server.inject({ url, headers })).statusCode).toBe(200)
    expect((await server.inject({ method: 'DELETE', url, headers })).statusCode).toBe(204)
    expect((await server.inject({ url, headers })).statusCode).toBe(401)
    expect((await server.inject({ url, headers: other })).statusCode).toBe(200)
  })

  test('a session is refused to permissions that no cookie can hold', async () => {
    const permissions = Array.from({ length: 200 }, (_unused, index) => `permission-number-${index}`)
    expect((await begin(await issuer.loginToken({ ...claims, permissions }))).statusCode).toBe(422)
  })
})

describe('changes within a session', () => {
  test.each([
    ['of our page', {}, 200],
    ['of no page, such as a program', { origin: undefined, 'sec-fetch-site': undefined }, 200],
    ['without the token', { 'x-csrf-token': undefined }, 403],
    ['with another token', { 'x-csrf-token': 'x'.repeat(43) }, 403],
    ["of another site's page", { 'sec-fetch-site': 'cross-site' }, 403],
    ["of a sibling's page", { 'sec-fetch-site': 'same-site' }, 403],
    ['of another origin', { origin: 'http://evil.example' }, 403],
    ['of an opaque origin', { origin: 'null' }, 403],
  ])('a change is accepted or refused by where it comes from: %s', async (_what, changed, expected) => {
    const headers = Object.fromEntries(
      Object.entries({ ...ownPage, ...(await signIn()), ...changed }).filter(([, value]) => value !== undefined),
    )
    expect((await server.inject({ method: 'POST', url: '/api/v1/change', headers })).statusCode).toBe(expected)
  })

  test('a page of another site cannot begin a session', async () => {
    const answer = await begin(await issuer.loginToken(claims), { ...ownPage, 'sec-fetch-site': 'cross-site' })
    expect([answer.statusCode, answer.headers['set-cookie']]).toEqual([403, undefined])
  })

  test.each([
    ['https://hooks.example.com', 'https://hooks.example.com', null],
    ['http://hooks.example.com', 'https://hooks.example.com', 'the request comes from another origin'],
    ['https://internal:8080', '', null],
  ])('a request from %s to a console at "%s" is judged by its origin', (origin, publicOrigin, expected) => {
    const request = { method: 'GET', host: 'internal:8080', origin, secFetchSite: undefined, csrfToken: undefined }
    expect(foreignReason(request, 't', publicOrigin)).toBe(expected)
  })
})

describe('request limits', () => {
  test('an identity over its limit gets 429, and other identities do not', async () => {
    const ask = async (authorization: string) => server.inject({ url, headers: { authorization } })
    const bearer = `Bearer ${await issuer.token(claims)}`
    for (let count = 0; count < 20; count++) expect((await ask(bearer)).statusCode).toBe(200)
    const refused = await ask(bearer)
    expect(refused).toMatchObject({ statusCode: 429, headers: { 'retry-after': expect.stringMatching(/^\d+$/) } })
    expect(refused.json()).toMatchObject({ status: 429, title: 'Too Many Requests' })
    expect((await ask(`Bearer ${await issuer.token({ ...claims, subject: 'eva' })}`)).statusCode).toBe(200)
  })

  test('repeated failed authentications get 429, and a valid token is still accepted', async () => {
    const ask = async (authorization: string) => server.inject({ url, headers: { authorization } })
    const statuses: number[] = []
    for (let count = 0; count < 5; count++) statuses.push((await ask('Bearer x')).statusCode)
    expect(statuses).toEqual([401, 401, 401, 429, 429])
    expect((await ask(`Bearer ${await issuer.token(claims)}`)).statusCode).toBe(200)
    expect((await server.inject({ url })).statusCode).toBe(401)
  })
})

describe("the console's files", () => {
  test('a console that is not built answers with the command that builds it', async () => {
    const answer = await server.inject({ url: '/' })
    expect([answer.statusCode, answer.body]).toEqual([503, expect.stringContaining('npm run build')])
  })

  test("the console's page is served for deep links too, under a strict policy, with assets compressed and cached", async () => {
    await mkdir(join(directory, 'assets'))
    await writeFile(join(directory, 'index.html'), '<div id="root">')
    await writeFile(join(directory, 'assets', 'a-1.js'), 'plain')
    await writeFile(join(directory, 'assets', 'a-1.js.br'), 'brotli')
    const page = await server.inject({ url: '/businesses/b1', headers: { accept: 'text/html' } })
    expect([page.statusCode, page.headers['cache-control'], page.body]).toEqual([200, 'no-cache', '<div id="root">'])
    const policy = String(page.headers['content-security-policy']).split(';')
    expect(policy).toEqual(expect.arrayContaining(["default-src 'none'", "script-src 'self'", "style-src 'self'"]))
    expect(policy.join()).not.toMatch(/unsafe|nonce/)
    const script = await server.inject({ url: '/assets/a-1.js', headers: { 'accept-encoding': 'gzip, br' } })
    expect(script).toMatchObject({ statusCode: 200, body: 'brotli', headers: { 'content-encoding': 'br' } })
    expect(script.headers['cache-control']).toContain('immutable')
    expect((await server.inject({ url: '/assets/a-1.js' })).body).toBe('plain')
  })

  test.each([
    ['/assets/gone.js', '*/*'],
    ['/api/v1/gone', 'text/html'],
    ['/api?x', 'text/html'],
    ['/..%2f..%2fpackage.json', '*/*'],
  ])('a GET of %s that accepts %s is answered with a problem', async (path, accept) => {
    await writeFile(join(directory, 'index.html'), 'page')
    const answer = await server.inject({ url: path, headers: { accept } })
    expect(answer.statusCode).toBeGreaterThanOrEqual(403)
    expect(answer.headers['content-type']).toContain('application/problem+json')
    expect(answer.headers['x-content-type-options']).toBe('nosniff')
  })
})
