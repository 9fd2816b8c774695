import type { LookupAddress } from 'node:dns'
import { type ClientRequestArgs, Agent as HttpAgent } from 'node:http'
import { Agent as HttpsAgent } from 'node:https'
import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { connect as connectTls } from 'node:tls'
import type { EgressProxy } from '../../targets/egress-proxy.ts'

/** Looks up all addresses of a host and checks them. */
type LookupAll = (
  hostname: string,
  options: object,
  done: (error: Error | null, addresses: string | LookupAddress[]) => void,
) => void
type Opened = (error: Error | null, socket?: Socket) => void

/** Agents whose connections are tunnels through the egress proxy. Each connection serves one request. */
export function tunnelAgents(proxy: EgressProxy, lookup: LookupAll): { http: HttpAgent; https: HttpsAgent } {
  const open = ({ host, port }: ClientRequestArgs, defaultPort: number, opened: Opened) =>
    lookup(host ?? '', { all: true }, (error, addresses) => {
      if (error || typeof addresses === 'string') return opened(error ?? new Error('host has no address'))
      proxy.connect(addresses, Number(port || defaultPort), opened)
    })
  const http = new HttpAgent({ keepAlive: false })
  http.createConnection = (options, opened) => {
    open(options, 80, tell(opened))
    return undefined
  }
  const https = new HttpsAgent({ keepAlive: false })
  https.createConnection = (options, opened) => {
    const done = tell(opened)
    open(options, 443, (error, socket) => {
      if (!socket) return done(error)
      const { host, servername } = options
      done(null, connectTls({ socket, ...(host && { host }), ...(servername && { servername }) }))
    })
    return undefined
  }
  return { http, https }
}

/** Node's agents take a socket or an error. */
function tell(opened: ((error: Error | null, stream: Duplex) => void) | undefined): Opened {
  return (error, socket) => opened?.(error, socket as Duplex)
}
