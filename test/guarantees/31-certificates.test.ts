import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import { setTimeout } from 'node:timers/promises'
import { createServer, getCACertificates, type SecureVersion, setDefaultCACertificates, type TLSSocket } from 'node:tls'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { figure } from '../support/figure.ts'
import { createSender, onRequest, post, resolveFrom } from '../support/outgoing.ts'

const pem = (name: string) => readFileSync(new URL(`../support/certificates/${name}.pem`, import.meta.url), 'utf8')
const usual = getCACertificates()

// The effect of NODE_EXTRA_CA_CERTS on a process.
beforeAll(() => setDefaultCACertificates([...usual, pem('ca')]))
afterAll(() => setDefaultCACertificates(usual))

type Server = AsyncDisposable & { port: number; delivered: number; serverNames: (string | false)[]; resumed: boolean[] }

async function listenTls(certificate: string, maxVersion: SecureVersion): Promise<Server> {
  const sockets: TLSSocket[] = []
  const state = { port: 0, delivered: 0, serverNames: [] as (string | false)[], resumed: [] as boolean[] }
  const server = createServer({ cert: pem(certificate), key: pem('key'), maxVersion }, (socket) => {
    sockets.push(socket)
    socket.on('error', () => socket.destroy())
    state.serverNames.push(socket.servername || false)
    state.resumed.push(socket.isSessionReused())
    onRequest(socket, () => {
      state.delivered++
      socket.write('HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n')
    })
  })
  server.on('tlsClientError', (_error, socket) => void sockets.push(socket))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  state.port = (server.address() as AddressInfo).port
  return Object.assign(state, {
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy()
      server.close()
      await once(server, 'close')
    },
  })
}

const resolve = resolveFrom({ 'receiver.test': ['127.0.0.1'], 'receiver.test.': ['127.0.0.1'] })
let refused = 0
let delivered = 0

describe.each<SecureVersion>(['TLSv1.2', 'TLSv1.3'])('certificates with %s', (version) => {
  test.each([
    ['expired', 'receiver.test', 'CERT_HAS_EXPIRED: certificate has expired'],
    ['self-signed', 'receiver.test', 'DEPTH_ZERO_SELF_SIGNED_CERT: self-signed certificate'],
    ['wrong-host', 'receiver.test', 'ERR_TLS_CERT_ALTNAME_INVALID: Hostname/IP does not match certificate'],
    ['wrong-host', '127.0.0.1', 'ERR_TLS_CERT_ALTNAME_INVALID: Hostname/IP does not match certificate'],
  ])(
    'with the %s certificate of %s nothing is delivered, and the error is named',
    async (certificate, host, detail) => {
      await using server = await listenTls(certificate, version)
      await using sender = createSender('127.0.0.0/8', { resolve })
      // Repeated, because a resumed TLS session would not be checked again.
      for (let time = 1; time <= 3; time++) {
        expect(await post(sender, `https://${host}:${server.port}/`)).toMatchObject({
          kind: 'unreachable',
          reason: 'tls',
          detail: expect.stringContaining(detail),
        })
        refused++
      }
      expect(server.delivered).toBe(0)
      delivered += server.delivered
    },
  )

  test.each([
    ['receiver.test', 'receiver.test'],
    ['RECEIVER.test.', 'receiver.test'],
    ['127.0.0.1', false],
  ])('control: a valid certificate of %s is accepted, with the server name %s', async (host, serverName) => {
    await using server = await listenTls('good', version)
    await using sender = createSender('127.0.0.0/8', { resolve })
    expect(await post(sender, `https://${host}:${server.port}/`)).toMatchObject({ kind: 'success', status: 200 })
    expect(server.delivered).toBe(1)
    expect(server.serverNames).toEqual([serverName])
  })

  test('a later connection resumes the TLS session of an earlier one', async () => {
    await using server = await listenTls('good', version)
    await using sender = createSender('127.0.0.0/8', { resolve, socketLifetimeMs: 1 })
    for (let time = 0; time < 4; time++) {
      expect(await post(sender, `https://receiver.test:${server.port}/`)).toMatchObject({ kind: 'success' })
      // The session of TLS 1.3 arrives after the handshake, and the connection must have reached its lifetime.
      await setTimeout(20)
    }
    expect(server.resumed).toEqual([false, true, true, true])
  })
})

afterAll(() => figure(31, `expired, self-signed, wrong host: ${refused} requests refused, delivered ${delivered}`))
