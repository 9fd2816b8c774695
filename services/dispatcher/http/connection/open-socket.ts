import { isIP, type Socket } from 'node:net'
import { connect as connectTls } from 'node:tls'
import { AddressError } from '../names/checked-addresses.ts'
import type { OpenSocket } from '../token/token-request.ts'
import { dial } from './dial.ts'
import type { OpeningContext } from './opening.ts'

/**
 * Opens sockets to origins for single requests, with the checks of names and addresses that Opening makes. It stays
 * apart from Opening, whose connections are kept: those resume TLS sessions, read into their own buffer and name the
 * step that they wait for.
 */
export function socketOpener(context: OpeningContext): OpenSocket {
  return (origin, { owner, trusted }, done) => {
    const { protocol, hostname, port } = new URL(origin)
    const host = hostname.replace(/^\[|\]$/g, '')
    const isSecure = protocol === 'https:'
    let giveUp = () => {}
    let isOver = false
    const end = (error: Error | null, socket?: Socket) => {
      if (isOver) return void socket?.destroy()
      isOver = true
      done(error, socket)
    }
    const connect = (addresses: Parameters<typeof dial>[1]) => {
      if (isOver) return
      giveUp = dial(context, addresses, Number(port || (isSecure ? 443 : 80)), undefined, (error, socket) => {
        if (!socket || !isSecure) return end(error, socket)
        const secured = connectTls({
          socket,
          host,
          ...(isIP(host) === 0 && { servername: host.replace(/\.$/, '') }),
          ...(trusted && { secureContext: trusted }),
        })
        giveUp = () => void secured.destroy()
        secured.once('error', (problem) => end(problem))
        secured.once('secureConnect', () => end(null, secured))
      })
    }
    const family = isIP(host)
    if (family === 0) context.resolve(host, { owner }, (error, addresses) => (error ? end(error) : connect(addresses)))
    else if (context.isAllowed(host)) connect([{ address: host, family }])
    else queueMicrotask(() => end(new AddressError()))
    return () => {
      isOver = true
      giveUp()
    }
  }
}
