import { connect, isIP } from 'node:net'
import { connect as connectTls } from 'node:tls'
import type { ISocketFactory } from 'kafkajs'
import { plainTlsMessage } from '../../connection/tls-faults.ts'
import type { TlsSettings } from '../../connection/tls-settings.ts'
import type { Adviser } from './advice.ts'

const keepAliveMs = 60_000
/** Limit of connecting, the handshake of TLS included. */
export const connectMs = 3_000
/** Time by which kafkajs' own limit is longer. */
export const connectMarginMs = 500

/** Opens the connections to brokers, and adds to the errors of TLS what can be done about them. */
export function openSockets(tls: TlsSettings | null, adviser: Adviser): ISocketFactory {
  return ({ host, port, onConnect }) => {
    const socket = tls ? connectTls(tlsOptions(tls, host, port), onConnect) : connect({ host, port }, onConnect)
    socket.setKeepAlive(true, keepAliveMs)
    // At its own limit kafkajs only ends the socket. A handshake that completes later, as with a broker that is just
    // starting, would then count as the connection, and close the next one together with itself.
    const late = setTimeout(() => socket.destroy(new Error('Connection timeout')), connectMs)
    for (const event of [tls ? 'secureConnect' : 'connect', 'close']) socket.once(event, () => clearTimeout(late))
    // Before kafkajs' own listener, which copies the message.
    socket.on('error', (error: NodeJS.ErrnoException) => {
      const advice = adviser.onSocketError(error)
      if (advice !== null) error.message = `${plainTlsMessage(error.message)} (broker ${host}:${port}: ${advice})`
    })
    return socket
  }
}

/** For tls.connect. */
export function tlsOptions(tls: TlsSettings, host: string, port: number) {
  const servername = tls.serverName || (isIP(host) === 0 ? host : '')
  return { host, port, secureContext: tls.context(), ...(servername !== '' && { servername }) }
}
