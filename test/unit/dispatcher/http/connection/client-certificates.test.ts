import { once } from 'node:events'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import type { TLSSocket } from 'node:tls'
import { beforeAll, expect, onTestFinished, test } from 'vitest'
import { createTlsIdentity, type TlsIdentity } from '../../../../../services/targets/tls-identity.ts'
import { createSender, post, resolveFrom } from '../../../../support/outgoing.ts'
import {
  type CertificateAuthority,
  createCertificateAuthority,
} from '../../../../support/secured/certificate-authority.ts'

let authority: CertificateAuthority
beforeAll(async () => {
  authority = await createCertificateAuthority('Endpoint CA')
})

/** An endpoint with a certificate of its own authority. @returns its URL, and the subjects of its clients by request. */
async function startEndpoint({ requestCert }: { requestCert: boolean }) {
  const { certificate, key } = await authority.issue('receiver.test', ['receiver.test'])
  const clients: string[] = []
  const options = { key, cert: certificate, requestCert, rejectUnauthorized: requestCert, ca: authority.certificate }
  const server = createServer(options, (request, response) => {
    const { subject } = (request.socket as TLSSocket).getPeerCertificate()
    clients.push(String(subject?.CN))
    request.resume()
    response.end()
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  return { url: `https://receiver.test:${(server.address() as AddressInfo).port}/`, clients }
}

function openSender() {
  const sender = createSender('127.0.0.0/8', { resolve: resolveFrom({ 'receiver.test': ['127.0.0.1'] }) })
  onTestFinished(() => sender[Symbol.asyncDispose]())
  return sender
}

function identity(pem: { ca?: string; certificate?: string; key?: string }): TlsIdentity {
  const made = createTlsIdentity({ ca: undefined, certificate: undefined, key: undefined, ...pem })
  if (!made) throw new Error('not usable')
  return made
}

test('an endpoint with its own authority is reached with that authority, and with no other', async () => {
  const { url } = await startEndpoint({ requestCert: false })
  const sender = openSender()
  const own = identity({ ca: authority.certificate })
  const other = identity({ ca: (await createCertificateAuthority('Other CA')).certificate })
  expect(await post(sender, url, { tls: own })).toMatchObject({ kind: 'success' })
  for (const tls of [null, other]) expect(await post(sender, url, { tls })).toMatchObject({ reason: 'tls' })
})

test('an endpoint that asks for a client certificate gets it, and refuses a request without one', async () => {
  const { url, clients } = await startEndpoint({ requestCert: true })
  const sender = openSender()
  const ca = authority.certificate
  expect(await post(sender, url, { tls: identity({ ca }) })).toMatchObject({ kind: 'unreachable', reason: 'tls' })
  const { certificate, key } = await authority.issue('hookline')
  expect(await post(sender, url, { tls: identity({ ca, certificate, key }) })).toMatchObject({ kind: 'success' })
  expect(clients).toEqual(['hookline'])
})

test('requests with different certificates share no connection and no TLS session', async () => {
  const { url, clients } = await startEndpoint({ requestCert: true })
  const sender = openSender()
  const ca = authority.certificate
  const names = ['ana', 'bea', 'ana', 'bea']
  const made = new Map<string, TlsIdentity>()
  for (const name of names.slice(0, 2)) made.set(name, identity({ ca, ...(await authority.issue(name)) }))
  for (const name of names) await post(sender, url, { tls: made.get(name) ?? null })
  expect(clients).toEqual(names)
})
