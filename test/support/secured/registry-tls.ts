import { once } from 'node:events'
import { request } from 'node:http'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import type { TLSSocket } from 'node:tls'
import type { Credentials } from './certificate-authority.ts'

export type RegistryTls = AsyncDisposable & {
  /** Base URL of the Confluent API, with https:. */
  url: string
  /** Ways in which the requests so far have signed in. */
  logins: Set<string>
  /** Uses another certificate for new connections. */
  replace(credentials: Credentials): void
}

/**
 * A registry with TLS and a login: a proxy before one that has neither.
 * @param clientCa CA of client certificates.
 * @param loginOf names the login of a request's authorization header; null if it is not accepted.
 */
export async function startRegistryTls(
  target: string,
  { certificate: cert, key }: Credentials,
  clientCa: string,
  loginOf: (authorization: string) => string | null,
): Promise<RegistryTls> {
  const logins = new Set<string>()
  const server = createServer({ cert, key, ca: clientCa, requestCert: true, rejectUnauthorized: false })
  server.on('request', (incoming, outgoing) => {
    const { authorization = '' } = incoming.headers
    const byCertificate = (incoming.socket as TLSSocket).authorized ? 'certificate' : null
    const login = authorization === '' ? byCertificate : loginOf(authorization)
    if (login === null) {
      outgoing.writeHead(401, { 'content-type': 'application/json' })
      return outgoing.end('{"error_code":40101,"message":"Unauthorized"}')
    }
    logins.add(login)
    const { method, url: path = '/', headers } = incoming
    const forwarded = request(new URL(path, target), { method, headers }, (answer) => {
      outgoing.writeHead(answer.statusCode ?? 502, answer.headers)
      answer.pipe(outgoing)
    })
    forwarded.on('error', () => outgoing.destroy())
    return incoming.pipe(forwarded)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `https://127.0.0.1:${(server.address() as AddressInfo).port}${new URL(target).pathname}`,
    logins,
    replace: (next) => server.setSecureContext({ cert: next.certificate, key: next.key, ca: clientCa }),
    async [Symbol.asyncDispose]() {
      server.close()
      server.closeAllConnections()
      await once(server, 'close')
    },
  }
}
