import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { once } from 'node:events'
import { createServer, isIP, type Server, type Socket } from 'node:net'
import { type HttpRequest, HttpSender, type HttpSenderOptions } from '../../services/dispatcher/http/http-sender.ts'
import type { Resolve } from '../../services/dispatcher/http/names/checked-addresses.ts'
import type { Outcome } from '../../services/domain/delivery/outcome.ts'
import { systemClock } from '../../services/platform/runtime/clock.ts'
import { parseRanges } from '../../services/targets/blocked-addresses.ts'

/** A sender for receivers on this machine. @param opened CIDRs, comma-separated. */
export function createSender(opened = '127.0.0.0/8', options: Omit<HttpSenderOptions, 'allowedAddresses'> = {}) {
  const parsed = parseRanges(opened)
  if (!parsed.ok) throw new Error(`${parsed.wrong} is not a CIDR`)
  return new HttpSender(systemClock, { ...options, allowedAddresses: parsed.ranges })
}

export function post(sender: HttpSender, url: string, changes: Partial<HttpRequest> = {}): Promise<Outcome> {
  const { origin, pathname, search } = new URL(url)
  const request = { origin, path: pathname + search, headers: [], body: Buffer.from('{}'), timeoutMs: 10_000 }
  return new Promise((resolve, reject) =>
    sender.post({ ...request, ...changes }, (outcome) =>
      outcome ? resolve(outcome) : reject(new Error('not to be sent')),
    ),
  )
}

/** A DNS that knows these names only; a function is called for each lookup. */
export function resolveFrom(names: Record<string, string[] | (() => string[])>): Resolve {
  return (hostname, _options, done) => {
    const known = names[hostname]
    const texts = typeof known === 'function' ? known() : known
    const error = Object.assign(new Error(`getaddrinfo ENOTFOUND ${hostname}`), { code: 'ENOTFOUND' })
    const addresses = (texts ?? []).map((address) => ({ address, family: isIP(address) }))
    queueMicrotask(() => (texts ? done(null, addresses) : done(error, [])))
  }
}

export type RawServer = AsyncDisposable & {
  port: number
  url: string
  /** Sockets accepted so far. */
  accepted: Socket[]
  server: Server
}

/** A TCP server with a scripted answer, byte by byte. */
export async function listenRaw(onSocket: (socket: Socket) => void, host = '127.0.0.1', port = 0): Promise<RawServer> {
  const accepted: Socket[] = []
  const server = createServer((socket) => {
    accepted.push(socket)
    // The client may close the connection at any time.
    socket.on('error', () => socket.destroy())
    onSocket(socket)
  })
  server.listen(port, host)
  await once(server, 'listening')
  const bound = server.address()
  if (bound === null || typeof bound === 'string') throw new Error('not listening on a port')
  return {
    port: bound.port,
    url: `http://${host.includes(':') ? `[${host}]` : host}:${bound.port}/`,
    accepted,
    server,
    async [Symbol.asyncDispose]() {
      for (const socket of accepted) socket.destroy()
      server.close()
      await once(server, 'close')
    },
  }
}

/** Calls back for each complete request, with its number on this socket, from 1. */
export function onRequest(socket: Socket, answer: (number: number, head: string) => void): void {
  let received = Buffer.alloc(0)
  let number = 0
  socket.on('data', (chunk) => {
    received = Buffer.concat([received, chunk])
    for (;;) {
      const headBytes = received.indexOf('\r\n\r\n') + 4
      if (headBytes < 4) return
      const head = received.subarray(0, headBytes).toString('latin1')
      const wholeBytes = headBytes + Number(/content-length: (\d+)/i.exec(head)?.[1] ?? 0)
      if (received.length < wholeBytes) return
      received = received.subarray(wholeBytes)
      answer(++number, head)
    }
  })
}

/** Watches the plain sockets that clients of this process open. */
export class ClientSockets implements Disposable {
  /** Addresses that a connection was attempted to. */
  readonly attempted: string[] = []
  readonly connected: Socket[] = []
  readonly #onNew = (message: unknown) => {
    const { socket } = message as { socket: Socket }
    socket.on('connectionAttempt', (address: string) => this.attempted.push(address))
    socket.on('connect', () => this.connected.push(socket))
  }

  constructor() {
    subscribe('net.client.socket', this.#onNew)
  }

  [Symbol.dispose](): void {
    unsubscribe('net.client.socket', this.#onNew)
  }
}
