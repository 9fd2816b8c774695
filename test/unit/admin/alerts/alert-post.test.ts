import { once } from 'node:events'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { Webhook } from 'standardwebhooks'
import { describe, expect, test } from 'vitest'
import { checkedLookup, postAlert } from '../../../../services/admin/alerts/alert-post.ts'
import { systemClock } from '../../../../services/platform/runtime/clock.ts'
import { parseRanges } from '../../../../services/targets/blocked-addresses.ts'
import { EgressProxy } from '../../../../services/targets/egress-proxy.ts'
import type { UrlPolicy } from '../../../../services/targets/target-url.ts'
import { startConnectProxy } from '../../../support/connect-proxy.ts'
import { openRecordingServer } from '../../../support/recording-server.ts'
import { createCertificateAuthority } from '../../../support/secured/certificate-authority.ts'
import { secretOf } from '../support.ts'

const opened = parseRanges('127.0.0.0/8')
if (!opened.ok) throw new Error('not a range')
const local: UrlPolicy = { allowInsecureUrls: true, allowedAddresses: opened.ranges }
const secret = secretOf('s')

const post = (url: string, policy = local, secrets = [secret], proxy: EgressProxy | null = null) =>
  postAlert(
    { url: `${url}/alerts`, alertId: 'alert_1', body: '{"kind":"failing"}', secrets, nowMs: systemClock.nowMs() },
    policy,
    proxy,
  )

describe('the request of an alert', () => {
  test('the request of an alert is signed as Standard Webhooks says', async () => {
    await using here = await openRecordingServer()
    expect(await post(here.url)).toEqual({ kind: 'sent' })
    const [request] = here.seen
    expect(request?.headers['webhook-id']).toBe('alert_1')
    expect(new Webhook(secret).verify(request?.body ?? '', request?.headers ?? {})).toEqual({ kind: 'failing' })
  })

  test('without a secret there is no signature', async () => {
    await using here = await openRecordingServer()
    await post(here.url, local, [])
    expect(here.seen[0]?.headers).not.toHaveProperty('webhook-signature')
  })

  test.each([
    { status: 204, result: 'sent' },
    { status: 400, result: 'refused' },
    { status: 404, result: 'refused' },
    { status: 429, result: 'later' },
    { status: 503, result: 'later' },
  ])('an answer $status makes an alert $result', async ({ status, result }) => {
    await using here = await openRecordingServer((_request, response) => response.writeHead(status).end())
    expect((await post(here.url)).kind).toBe(result)
  })

  test('a redirect is refused and not followed', async () => {
    await using here = await openRecordingServer((_request, response) =>
      response.writeHead(307, { location: '/other' }).end(),
    )
    expect(await post(here.url)).toEqual({ kind: 'refused', reason: 'answered 307' })
    expect(here.seen.map(({ path }) => path)).toEqual(['/alerts'])
  })

  test('the body of an answer is not waited for', async () => {
    await using here = await openRecordingServer((_request, response) => response.writeHead(200).write('x'))
    expect(await post(here.url)).toEqual({ kind: 'sent' })
  })

  test('a server that is not there makes an alert wait', async () => {
    let url = ''
    {
      await using here = await openRecordingServer(() => {})
      url = here.url
    }
    expect((await post(url)).kind).toBe('later')
  })

  test.each([
    { case: 'a literal', url: (at: string) => at },
    { case: 'a name', url: (at: string) => at.replace('127.0.0.1', 'localhost') },
  ])('no request reaches an address that is not public: $case', async ({ url }) => {
    await using here = await openRecordingServer()
    expect((await post(url(here.url), { allowInsecureUrls: true })).kind).toBe('refused')
    expect(here.seen).toEqual([])
  })

  test.each([
    { addresses: ['93.184.216.34'], isAllowed: true },
    { addresses: ['93.184.216.34', '10.0.0.1'], isAllowed: false },
    { addresses: ['169.254.169.254'], isAllowed: false },
  ])('a name is refused if any of its addresses is blocked: $addresses', async ({ addresses, isAllowed }) => {
    const found = addresses.map((address) => ({ address, family: 4 }))
    const resolve = (_name: string, _options: object, done: (error: null, all: typeof found) => void) =>
      done(null, found)
    const lookup = checkedLookup({ allowInsecureUrls: false }, resolve as never)
    const answer = await new Promise<[Error | null, unknown]>((settle) =>
      lookup('shop.example', { all: true }, (error, all) => settle([error, all])),
    )
    expect(answer).toEqual(isAllowed ? [null, found] : [expect.objectContaining({ code: 'EADDRESSBLOCKED' }), []])
  })
})

describe('an alert with an egress proxy', () => {
  const loopback = parseRanges('127.0.0.0/8,::1/128')
  const open: UrlPolicy = { allowInsecureUrls: true, ...(loopback.ok && { allowedAddresses: loopback.ranges }) }
  const through = (port: number) => new EgressProxy({ host: '127.0.0.1', port, username: '', password: '' }, () => 0)

  test('an alert leaves through the proxy, which is told the address that was checked', async () => {
    await using here = await openRecordingServer()
    await using proxy = await startConnectProxy()
    const url = here.url.replace('127.0.0.1', 'localhost')
    expect(await post(url, open, [secret], through(proxy.port))).toEqual({ kind: 'sent' })
    expect(proxy.asked.at(-1)).toBe(new URL(here.url).host)
    expect(here.seen).toHaveLength(1)
  })

  test('the proxy is not asked for an address that is not public', async () => {
    await using here = await openRecordingServer()
    await using proxy = await startConnectProxy()
    for (const url of [here.url, here.url.replace('127.0.0.1', 'localhost')])
      expect((await post(url, { allowInsecureUrls: true }, [secret], through(proxy.port))).kind).toBe('refused')
    expect([proxy.asked, here.seen]).toEqual([[], []])
  })

  test('a proxy that is away makes an alert wait', async () => {
    await using here = await openRecordingServer()
    const proxy = await startConnectProxy()
    await proxy[Symbol.asyncDispose]()
    expect((await post(here.url, local, [secret], through(proxy.port))).kind).toBe('later')
    expect(here.seen).toEqual([])
  })

  test('the certificate of the server behind the proxy is checked', async () => {
    const authority = await createCertificateAuthority('Some CA')
    const { certificate, key } = await authority.issue('localhost', ['localhost'])
    const server = createServer({ cert: certificate, key }, (_request, response) => response.end()).listen(
      0,
      '127.0.0.1',
    )
    await once(server, 'listening')
    await using proxy = await startConnectProxy()
    const sent = await post(
      `https://localhost:${(server.address() as AddressInfo).port}`,
      open,
      [secret],
      through(proxy.port),
    )
    server.close()
    expect(sent).toMatchObject({ kind: 'later', reason: expect.stringContaining('certificate') })
    expect(proxy.asked).not.toEqual([])
  })
})
