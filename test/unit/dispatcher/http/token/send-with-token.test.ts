import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import { createServer as createSecureServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { pino } from 'pino'
import { beforeEach, describe, expect, onTestFinished, test } from 'vitest'
import type { SendResult } from '../../../../../services/dispatcher/engine/ports.ts'
import { Sender } from '../../../../../services/dispatcher/http/deliver.ts'
import { EndpointTokens } from '../../../../../services/dispatcher/http/token/endpoint-tokens.ts'
import { tokenRequester } from '../../../../../services/dispatcher/http/token/token-request.ts'
import type { WebhookDefinition } from '../../../../../services/domain/definition/definition.ts'
import { KeyRing } from '../../../../../services/platform/keyring.ts'
import { systemClock } from '../../../../../services/platform/runtime/clock.ts'
import { parseRanges } from '../../../../../services/targets/blocked-addresses.ts'
import { createSender, resolveFrom } from '../../../../support/outgoing.ts'
import { createCertificateAuthority } from '../../../../support/secured/certificate-authority.ts'
import { startTokenServer } from '../../../../support/secured/token-server.ts'
import { definition, delivery } from '../../../../support/simulation.ts'

/** Requests to an endpoint that asks for tokens of an OAuth server. */

const client = { id: 'hookline', secret: 's3:cret/&' }
/** Authorization headers that have arrived at the endpoint. */
let arrived: string[] = []
let answer: () => number = () => 204
/** Time by which the clock is ahead. */
let aheadMs = 0

beforeEach(() => {
  arrived = []
  answer = () => 204
  aheadMs = 0
})

async function listening(server: Server): Promise<string> {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/`
}

const startEndpoint = () =>
  listening(
    createServer((request, response) => {
      request.resume()
      const { authorization = '' } = request.headers
      arrived.push(authorization)
      response.writeHead(answer()).end()
    }),
  )

async function startTokens(lifetimeSeconds = 3_600) {
  const server = await startTokenServer(client, lifetimeSeconds)
  onTestFinished(() => server[Symbol.asyncDispose]())
  return { ...server, tokenUrl: server.tokenUrl.replace('localhost', '127.0.0.1') }
}

function createSending(opened = '127.0.0.0/8') {
  const http = createSender(opened, { resolve: resolveFrom({ 'login.test': ['127.0.0.1'] }) })
  onTestFinished(() => http[Symbol.asyncDispose]())
  const clock = { ...systemClock, nowMs: () => systemClock.nowMs() + aheadMs }
  const ranges = parseRanges('127.0.0.0/8')
  const sender = new Sender({
    http,
    tokens: new EndpointTokens(tokenRequester(http.openSocket, clock), clock),
    keyRing: KeyRing.parse(`k=${Buffer.alloc(32).toString('base64')}`),
    policy: { allowInsecureUrls: true, ...(ranges.ok && { allowedAddresses: ranges.ranges }) },
    clock,
    log: pino({ level: 'silent' }),
    freshness: { isFresh: true },
    canRecord: () => true,
  })
  return (to: WebhookDefinition) =>
    new Promise<SendResult>((resolve) => sender.send(delivery('msg_1', to.id, 'ana'), 1, to, resolve))
}

function webhook(url: string, tokenUrl: string, more: Partial<WebhookDefinition> = {}): WebhookDefinition {
  const oauth2 = { tokenUrl, clientId: client.id, clientSecret: client.secret, scope: 'hooks' }
  const secret = `whsec_${Buffer.alloc(32, 1).toString('base64')}`
  return definition('w', { url, secret, oauth2, ...more })
}

test('each request carries the token of the token endpoint in place of a custom authorization header', async () => {
  const tokens = await startTokens()
  const send = createSending()
  const to = webhook(await startEndpoint(), tokens.tokenUrl, { headers: { Authorization: 'Basic mine' } })
  for (const _each of [1, 2, 3]) expect(await send(to)).toMatchObject({ outcome: { kind: 'success' } })
  expect(tokens.issued()).toBe(1)
  expect(arrived).toEqual([arrived[0], arrived[0], arrived[0]])
  expect(arrived[0]).toMatch(/^Bearer \w/)
})

describe('an answer of 401', () => {
  test('a token that is refused is replaced once, and the same attempt succeeds', async () => {
    const tokens = await startTokens()
    const send = createSending()
    const to = webhook(await startEndpoint(), tokens.tokenUrl)
    await send(to)
    // The answer depends on the number of requests: two tokens of the same second are equal.
    answer = () => (arrived.length === 2 ? 401 : 204)
    aheadMs = 60_000
    expect(await send(to)).toMatchObject({ outcome: { kind: 'success' } })
    expect([tokens.issued(), arrived.length]).toEqual([2, 3])
  })

  test('a 401 for every token is the outcome, after one more request', async () => {
    const tokens = await startTokens()
    const send = createSending()
    const to = webhook(await startEndpoint(), tokens.tokenUrl)
    await send(to)
    answer = () => 401
    aheadMs = 60_000
    expect(await send(to)).toMatchObject({ outcome: { kind: 'refused', status: 401 } })
    expect([tokens.issued(), arrived.length]).toEqual([2, 3])
    // The new token is young: it is not replaced again.
    expect(await send(to)).toMatchObject({ outcome: { kind: 'refused', status: 401 } })
    expect([tokens.issued(), arrived.length]).toEqual([2, 4])
  })
})

describe('a token endpoint', () => {
  test('an unavailable token endpoint makes notifications wait, and nothing is sent', async () => {
    const send = createSending()
    const endpoint = await startEndpoint()
    const failing = await listening(createServer((_request, response) => void response.writeHead(503).end('busy')))
    for (const tokenUrl of [failing, 'http://127.0.0.1:9/token', 'http://gone.test/token'])
      expect(await send(webhook(endpoint, tokenUrl))).toMatchObject({
        kind: 'fault',
        reason: expect.stringMatching(/^token endpoint is unavailable: /),
      })
    expect(arrived).toEqual([])
  })

  test('a token endpoint that refuses the client fails the attempt, and says why', async () => {
    const tokens = await startTokens()
    const send = createSending()
    const to = webhook(await startEndpoint(), tokens.tokenUrl)
    const wrong = { ...to, oauth2: { tokenUrl: tokens.tokenUrl, clientId: 'x', clientSecret: 'letmein' } }
    const result = await send(wrong)
    expect(result).toMatchObject({
      kind: 'outcome',
      outcome: { kind: 'unreachable', detail: 'token endpoint answered 401: invalid_client' },
    })
    expect(JSON.stringify(result)).not.toContain('letmein')
    expect(arrived).toEqual([])
  })

  test('a token endpoint at an address that is not public is not asked', async () => {
    const tokens = await startTokens()
    const send = createSending('127.0.0.9/32')
    const atName = tokens.tokenUrl.replace('127.0.0.1', 'login.test')
    expect(await send(webhook(await startEndpoint(), atName))).toMatchObject({
      outcome: { kind: 'rejected', reason: 'address' },
    })
    expect(tokens.issued()).toBe(0)
  })
})

test('a token endpoint is checked by the authority of the webhook too, and by no other private one', async () => {
  const authority = await createCertificateAuthority('Login CA')
  const { certificate, key } = await authority.issue('login.test', ['login.test'])
  const token = JSON.stringify({ access_token: 'let-me-in', token_type: 'Bearer', expires_in: 60 })
  const server = createSecureServer({ key, cert: certificate }, (request, response) => {
    request.resume()
    response.writeHead(200, { 'content-type': 'application/json' }).end(token)
  })
  const tokenUrl = (await listening(server)).replace('http://127.0.0.1', 'https://login.test')
  const send = createSending()
  const endpoint = await startEndpoint()
  const untrusted = { kind: 'fault', reason: expect.stringContaining('certificate') }
  expect(await send(webhook(endpoint, tokenUrl))).toMatchObject(untrusted)
  const other = await createCertificateAuthority('Other CA')
  expect(await send(webhook(endpoint, tokenUrl, { tls: { ca: other.certificate } }))).toMatchObject(untrusted)
  expect(arrived).toEqual([])
  const trusting = await send(webhook(endpoint, tokenUrl, { tls: { ca: authority.certificate } }))
  expect(trusting).toMatchObject({ outcome: { kind: 'success' } })
  expect(arrived).toEqual(['Bearer let-me-in'])
})
