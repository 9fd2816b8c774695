import { once } from 'node:events'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import type { TLSSocket } from 'node:tls'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { findFreePorts } from '../../deploy/local/process/ports.ts'
import { until } from '../../deploy/local/process/until.ts'
import { systemClock } from '../../services/platform/runtime/clock.ts'
import { type ConnectProxy, startConnectProxy } from '../support/connect-proxy.ts'
import { type FaultyStack, startFaultyStack } from '../support/faulty-stack.ts'
import { lanesOf, messageOf, publish } from '../support/load.ts'
import { createCertificateAuthority } from '../support/secured/certificate-authority.ts'
import { startTokenServer } from '../support/secured/token-server.ts'

/** An endpoint of a bank: own authority, client certificate, token, and an allowed source address, that of a proxy. */

type Arrival = { client: string; authorization: string; attempt: string; signatures: string; id: string }

const opened = new AsyncDisposableStack()
const arrivals: Arrival[] = []
let world: FaultyStack
let proxy: ConnectProxy
let issued: () => number
let webhookId = ''

async function startEndpoint(authority: Awaited<ReturnType<typeof createCertificateAuthority>>): Promise<string> {
  const { certificate, key } = await authority.issue('bank', ['127.0.0.1'])
  const options = { key, cert: certificate, ca: authority.certificate, requestCert: true }
  const server = createServer(options, (request, response) => {
    const { headers } = request
    const isKnown = /^Bearer \w/.test(headers.authorization ?? '')
    arrivals.push({
      client: String((request.socket as TLSSocket).getPeerCertificate().subject?.CN),
      authorization: String(headers.authorization),
      attempt: String(headers['x-webhook-attempt']),
      signatures: String(headers['webhook-signature']),
      id: String(headers['webhook-id']),
    })
    request.resume()
    response.writeHead(isKnown ? 204 : 401).end()
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  opened.defer(() => {
    server.closeAllConnections()
    server.close()
  })
  return `https://127.0.0.1:${(server.address() as AddressInfo).port}/hooks`
}

beforeAll(async () => {
  // Not one of the ports for outgoing connections: another process could have it when the proxy is started again.
  const [port = 0] = await findFreePorts(1)
  proxy = await startConnectProxy({ port })
  opened.defer(() => proxy[Symbol.asyncDispose]())
  const client = { id: 'hookline', secret: 'letmein' }
  const tokens = opened.use(await startTokenServer(client, 3_600))
  issued = tokens.issued
  const authority = await createCertificateAuthority('Bank CA')
  const url = await startEndpoint(authority)
  world = await startFaultyStack({
    webhooks: 0,
    contacts: 0,
    services: ['producer', 'formatter', 'dispatcher', 'admin'],
    extraEnv: { HOOKLINE_EGRESS_PROXY_URL: proxy.url },
  })
  opened.use(world)
  const { businessId } = world
  const { id } = await world.admin.defineWebhook(businessId, {
    name: 'Bank',
    url,
    timeoutMs: 30_000,
    channels: [`${businessId}-bank`],
    signatures: ['v1', 'v1a'],
    tls: { ca: authority.certificate, ...(await authority.issue('hookline')) },
    oauth2: {
      tokenUrl: tokens.tokenUrl.replace('localhost', '127.0.0.1'),
      clientId: client.id,
      clientSecret: client.secret,
    },
  })
  webhookId = id
  await world.inForce()
})
afterAll(() => opened.disposeAsync())

let number = 0
async function send(count: number): Promise<void> {
  const [lane] = lanesOf([`${world.businessId}-bank`], 1)
  if (!lane) throw new Error('no lane')
  await publish(
    world,
    Array.from({ length: count }, () => messageOf(lane, number++, world.businessId)),
  )
}

async function outcomes(): Promise<string[]> {
  const { attempts } = await world.admin.http
    .get(`businesses/${world.businessId}/webhooks/${webhookId}/attempts`)
    .json<{ attempts: { outcome: string }[] }>()
  return attempts.map(({ outcome }) => outcome)
}

test('notifications arrive with certificate and token, through the proxy, signed by both schemes', async () => {
  await send(5)
  await until(() => arrivals.length >= 5, 60_000, systemClock)
  expect(new Set(arrivals.map(({ client }) => client))).toEqual(new Set(['hookline']))
  for (const { authorization, signatures } of arrivals) {
    expect(authorization).toMatch(/^Bearer \w/)
    expect(signatures).toMatch(/^v1,\S+ v1a,\S+$/)
  }
  expect(issued()).toBe(1)
  expect(proxy.asked.every((authority) => authority.startsWith('127.0.0.1:'))).toBe(true)
  expect(proxy.asked.length).toBeGreaterThanOrEqual(2)
})

test('while the proxy is gone nothing is sent and nothing fails; afterwards everything arrives by its first attempt', async () => {
  const { port } = proxy
  // An answer that the proxy takes with it would be asked for again.
  expect(await until(async () => (await outcomes()).length === 5, 60_000, systemClock)).toBe(true)
  await proxy[Symbol.asyncDispose]()
  const before = arrivals.length
  await send(5)
  await systemClock.sleep(2_500)
  expect(arrivals).toHaveLength(before)
  proxy = await startConnectProxy({ port })
  await until(() => arrivals.length >= before + 5, 60_000, systemClock)
  expect(arrivals.slice(before).map(({ attempt }) => attempt)).toEqual(['1', '1', '1', '1', '1'])
  expect((await outcomes()).filter((outcome) => outcome === 'error' || outcome === 'rejected')).toEqual([])
})

test('a key and a client secret are shown by no answer of the API', async () => {
  const path = `businesses/${world.businessId}/webhooks/${webhookId}`
  const shown = await world.admin.http.get(path).text()
  expect(shown).not.toMatch(/PRIVATE KEY|letmein|sealed/)
  const audit = await world.admin.http.get(`businesses/${world.businessId}/audit`).text()
  expect(audit).not.toMatch(/PRIVATE KEY|letmein|sealed/)
})
