import type { Outcome } from '../../domain/delivery/outcome.ts'
import type { Clock } from '../../platform/runtime/clock.ts'
import { type AddressRanges, isAllowedAddress } from '../../targets/blocked-addresses.ts'
import { EgressProxy, type ProxyAddress } from '../../targets/egress-proxy.ts'
import type { TlsIdentity } from '../../targets/tls-identity.ts'
import { UnreadBodies } from './answer/unread-bodies.ts'
import { ConnectionPool } from './connection/connections.ts'
import { socketOpener } from './connection/open-socket.ts'
import { TlsSessions } from './connection/tls-sessions.ts'
import { Exchange, type ExchangeContext } from './exchange.ts'
import { checkedLookup, type Resolve } from './names/checked-addresses.ts'
import { Names } from './names/names.ts'
import { encodeRequest } from './request-bytes.ts'
import type { OpenSocket } from './token/token-request.ts'

export type HttpRequest = {
  origin: string
  path: string
  /** Flat list of names and values. */
  headers: string[]
  body: Buffer
  /** Time limit of the whole request, connecting included. */
  timeoutMs: number
  /** Business whose limit on lookups of host names applies; requests without one share a limit. */
  owner?: string
  /** Own CA and client certificate. */
  tls?: TlsIdentity | null
  /** Whether the outcome holds the beginning of the answer. */
  keepsAnswer?: boolean
  /** Asked right before it is written; when false, nothing is sent. */
  isWanted?: () => boolean
}

export type HttpSenderOptions = {
  /** Ranges that are allowed although they are not public; none by default. */
  allowedAddresses?: AddressRanges
  /** Resolver of names; Names by default. */
  resolve?: Resolve
  /** Name servers, as host or host:port; those of the system by default. */
  nameServers?: readonly string[]
  /**
   * Maximum age of a socket, except for the request that it carries, so that changes of DNS take effect
   * (docs/decisions/0007-addresses-checked-at-the-connection.md).
   */
  socketLifetimeMs?: number
  /** Proxy through which all requests leave; direct connections by default. */
  proxy?: ProxyAddress | null
  /** Called right before each request is written: false if its definition may be out of date. True by default. */
  mayStart?: () => boolean
}

/** HttpSender, or the receivers of a simulation in its place. */
export type HttpClient = Pick<HttpSender, 'post' | 'pauseMs' | 'openSocket'>

/**
 * Posts to receivers over keep-alive connections, one request at a time on each. An HTTP/1.1 client for this one
 * purpose: what a receiver answers is read as leniently as its meaning allows (docs/decisions/0013-own-http-client.md).
 */
export class HttpSender implements AsyncDisposable {
  readonly #context: ExchangeContext
  readonly #live = new Set<Exchange>()
  /** Exchanges to start at the end of this turn of the event loop. */
  #starting: Exchange[] = []

  constructor(clock: Clock, options: HttpSenderOptions) {
    const { allowedAddresses, mayStart = () => true, proxy = null } = options
    const nowMs = clock.monotonicMs
    const isAllowed = (address: string) => isAllowedAddress(address, allowedAddresses)
    const resolve = options.resolve ?? new Names({ nowMs, servers: options.nameServers ?? [] }).resolve
    this.#context = {
      clock,
      nowMs,
      mayStart,
      resolve: checkedLookup(isAllowed, resolve),
      isAllowed,
      proxy: proxy === null ? null : new EgressProxy(proxy, nowMs),
      sessions: new TlsSessions(),
      connections: new ConnectionPool(nowMs, options.socketLifetimeMs ?? 60_000),
      unread: new UnreadBodies(),
    }
  }

  /**
   * Calls back exactly once, after timeoutMs at the latest, never from inside the call. Redirects are not followed,
   * and nothing is sent to an address that is not allowed. A null outcome means that nothing was sent: the request was not
   * to start, or the egress proxy has failed.
   */
  post(request: HttpRequest, ended: (outcome: Outcome | null) => void): void {
    const { origin, path, headers, body, owner = '', tls = null } = request
    const host = origin.slice(origin.indexOf('//') + 2)
    const encoded = encodeRequest(host, path, headers, body)
    if (!encoded.ok) {
      const { problem: detail } = encoded
      return queueMicrotask(() => ended({ kind: 'unreachable', reason: 'connect', latencyMs: 0, detail }))
    }
    const destination =
      tls === null ? { key: origin, origin, owner } : { key: `${origin} ${tls.id}`, origin, owner, tls }
    const told = (outcome: Outcome | null) => {
      this.#live.delete(exchange)
      ended(outcome)
    }
    const { request: bytes } = encoded
    const exchange: Exchange = new Exchange(this.#context, destination, bytes, request, told)
    this.#live.add(exchange)
    // Requests that follow the answers of one turn are written one after another: a receiver that has gone to sleep is
    // woken once, not by each of them, and a write takes less than half the CPU (docs/measurements/http-client.md).
    if (this.#starting.push(exchange) === 1) setImmediate(() => this.#startAll())
  }

  /** Milliseconds for which nothing is to be sent, since the egress proxy has failed; 0 otherwise. */
  get pauseMs(): number {
    return this.#context.proxy?.pauseMs ?? 0
  }

  /** Opens a socket for a single request, under the same rules. */
  get openSocket(): OpenSocket {
    return socketOpener(this.#context)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const exchange of this.#live) exchange.abort('the sender is closed')
    this.#context.connections[Symbol.dispose]()
    this.#context.unread.close()
  }

  #startAll(): void {
    const starting = this.#starting
    this.#starting = []
    for (const exchange of starting) exchange.start()
  }
}
