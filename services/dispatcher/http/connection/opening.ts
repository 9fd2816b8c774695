import { isIP, type OnReadOpts, type Socket } from 'node:net'
import { connect as connectTls } from 'node:tls'
import type { TlsIdentity } from '../../../targets/tls-identity.ts'
import { AddressError, type Resolve } from '../names/checked-addresses.ts'
import { asError } from '../unreachable.ts'
import { HttpConnection } from './connection.ts'
import { type DialContext, dial } from './dial.ts'
import type { TlsSessions } from './tls-sessions.ts'

/** Bytes read at a time by plain sockets; each has a buffer of this size. */
const readBytes = 4_096

export type OpeningContext = DialContext & {
  /** Resolves names to allowed addresses only. */
  resolve: Resolve
  sessions: TlsSessions
  nowMs: () => number
}

/** Target of a connection, and its owner. @property tls own CA and client certificate; public CAs and none by default. */
export type ConnectionTarget = { key: string; origin: string; owner: string; tls?: TlsIdentity }

/**
 * Opens one connection: name, TCP, TLS. The exchange has the time limit; `step` says what the opening waits for. A
 * name is checked by what it resolves to for this very connection, so that DNS cannot change between the check and the
 * connection; an open connection is not checked again.
 */
export class Opening {
  step = 'DNS has not answered'
  readonly #context: OpeningContext
  readonly #destination: ConnectionTarget
  readonly #url: URL
  #done: ((error: Error | null, connection?: HttpConnection) => void) | null
  #giveUp: () => void = () => {}

  /** @param done called once, unless it is cancelled, and never from inside the constructor. */
  constructor(
    context: OpeningContext,
    destination: ConnectionTarget,
    done: (error: Error | null, connection?: HttpConnection) => void,
  ) {
    this.#context = context
    this.#destination = destination
    this.#done = done
    this.#url = new URL(destination.origin)
    const host = this.#host
    const family = isIP(host)
    if (family === 0) {
      const { owner } = destination
      context.resolve(host, { owner }, (error, addresses) =>
        queueMicrotask(() => this.#guard(() => (error ? this.#end(error) : this.#connect(addresses)))),
      )
    } else if (context.isAllowed(host))
      queueMicrotask(() => this.#guard(() => this.#connect([{ address: host, family }])))
    else queueMicrotask(() => this.#end(new AddressError()))
  }

  cancel(): void {
    this.#done = null
    this.#giveUp()
  }

  get #host(): string {
    return this.#url.hostname.replace(/^\[|\]$/g, '')
  }

  #connect(addresses: Parameters<typeof dial>[1]): void {
    if (this.#done === null) return
    this.step = 'no address has taken the connection'
    const isSecure = this.#url.protocol === 'https:'
    const port = Number(this.#url.port || (isSecure ? 443 : 80))
    let connection: HttpConnection | null = null
    const onread: OnReadOpts = {
      buffer: isSecure ? Buffer.alloc(0) : Buffer.allocUnsafeSlow(readBytes),
      callback: (count, bytes) => {
        connection?.received(Buffer.from(bytes.buffer, bytes.byteOffset, count))
        return true
      },
    }
    this.#giveUp = dial(this.#context, addresses, port, isSecure ? undefined : onread, (error, socket) =>
      this.#guard(() => {
        if (!socket) this.#end(error)
        else if (isSecure) this.#secure(socket)
        else {
          connection = this.#createConnection(socket)
          this.#end(null, connection)
        }
      }),
    )
  }

  #secure(socket: Socket): void {
    this.step = 'the TLS handshake has not ended'
    const { sessions } = this.#context
    const { key, tls } = this.#destination
    const host = this.#host
    const session = sessions.find(key)
    const secured = connectTls({
      socket,
      host,
      ALPNProtocols: ['http/1.1'],
      // SNI has no final dot (RFC 6066, section 3), and no address.
      ...(isIP(host) === 0 && { servername: host.replace(/\.$/, '') }),
      ...(session && { session }),
      ...(tls && { secureContext: tls.context }),
    })
    const fail = (error: Error) => {
      secured.destroy()
      this.#end(error)
    }
    this.#giveUp = () => void secured.destroy()
    // A session of a failed handshake is not kept: a resumed session is not verified again.
    let latest: Buffer | null = null
    let isSecured = false
    secured.on('session', (made: Buffer) => {
      if (isSecured) sessions.keep(key, made)
      latest = made
    })
    const closed = () => fail(Object.assign(new Error('closed during the TLS handshake'), { code: 'ECONNRESET' }))
    secured.on('error', fail)
    secured.on('close', closed)
    socket.on('error', (error) => secured.destroy(error))
    secured.once('secureConnect', () =>
      this.#guard(() => {
        isSecured = true
        if (latest) sessions.keep(key, latest)
        secured.off('error', fail)
        secured.off('close', closed)
        this.#end(null, this.#createConnection(secured))
      }),
    )
  }

  #createConnection(socket: Socket): HttpConnection {
    return new HttpConnection(socket, this.#destination.key, this.#context.nowMs())
  }

  #end(error: Error | null, connection?: HttpConnection): void {
    const done = this.#done
    this.#done = null
    if (done) done(error, connection)
    else connection?.destroy()
  }

  /** Confines an exception to this opening, which fails. */
  #guard(step: () => void): void {
    try {
      step()
    } catch (error) {
      if (this.#done === null) throw error
      this.#giveUp()
      this.#end(asError(error))
    }
  }
}
