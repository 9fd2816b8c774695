import { lookup as resolveByNode } from 'node:dns'
import { type buildConnector, Client } from 'undici'
import type { AddressRange } from '../domain/addresses.ts'
import type { Outcome } from '../domain/outcome.ts'
import type { Clock } from '../platform/clock.ts'
import { createConnector, type Resolve } from './addresses.ts'
import { ClientPool } from './client-pool.ts'
import { Exchange } from './exchange.ts'
import { shareLookups } from './shared-lookup.ts'

export type Request = {
  origin: string
  path: string
  /** Flat list of names and values. */
  headers: string[]
  body: Buffer
  /** Of the whole request, connecting included. */
  timeoutMs: number
}

export type HttpSenderOptions = {
  /** Ranges that are open though they are not public; none when left out. */
  allowedAddresses?: readonly AddressRange[]
  resolve?: Resolve
  /** Sockets live no longer, but for the request that they carry: changes of DNS take effect (design.md, addresses). */
  socketLifetimeMs?: number
  /** Asked right before each request is written: false when what it was made by may be out of date. Always true when left out. */
  mayStart?: () => boolean
}

const connectTimeoutMs = 3_000
const headCapBytes = 16_384

/**
 * Posts to receivers over keep-alive connections, one pool an origin. undici's dispatch with a handler takes 20 us of
 * CPU a request, its promise API 26 us, other clients up to 280 us (design.md).
 */
export class HttpSender implements AsyncDisposable {
  readonly #pools = new Map<string, { pool: ClientPool; timer: NodeJS.Timeout }>()
  /** Pools that take no more requests, and end the ones that they have. */
  readonly #retired = new Set<ClientPool>()
  readonly #clock: Clock
  readonly #connect: buildConnector.connector
  readonly #socketLifetimeMs: number
  readonly #mayStart: () => boolean

  constructor(clock: Clock, options: HttpSenderOptions) {
    this.#clock = clock
    const resolve = shareLookups(options.resolve ?? resolveByNode)
    this.#connect = createConnector(options.allowedAddresses ?? [], resolve, connectTimeoutMs)
    this.#socketLifetimeMs = options.socketLifetimeMs ?? 60_000
    this.#mayStart = options.mayStart ?? (() => true)
  }

  /**
   * Calls back exactly once, after timeoutMs at the latest, never from inside the call. Redirects are not followed, and
   * nothing is sent to an address that is not allowed. An outcome of null: it was not to start, and nothing was sent.
   */
  post(request: Request, ended: (outcome: Outcome | null) => void): void {
    const { origin, path, headers, body, timeoutMs } = request
    const pool = this.#pools.get(origin)?.pool ?? this.#open(origin)
    const exchange = new Exchange(this.#clock, timeoutMs, this.#mayStart, (outcome, whole) => {
      release(whole)
      ended(outcome)
    })
    const release = pool.dispatch({ method: 'POST', path, headers, body, headersTimeout: 0, bodyTimeout: 0 }, exchange)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const open = [...this.#pools.values()].map(({ pool, timer }) => {
      clearTimeout(timer)
      return pool
    })
    this.#pools.clear()
    await Promise.all([...open, ...this.#retired].map((pool) => pool.destroy()))
  }

  /**
   * Opens a pool that is replaced as a whole when its first sockets are of age. undici's own clientTtl goes by the wall
   * clock and leaves idle sockets open for as long as the receiver asks.
   */
  #open(origin: string): ClientPool {
    const options = {
      pipelining: 1,
      // Without it, an https client does not begin before it knows that it is not HTTP/2.
      allowH2: false,
      connect: this.#connect,
      maxHeaderSize: headCapBytes,
    }
    const pool = new ClientPool(() => new Client(origin, options))
    const timer = setTimeout(() => this.#retire(origin, pool), this.#socketLifetimeMs).unref()
    this.#pools.set(origin, { pool, timer })
    return pool
  }

  #retire(origin: string, pool: ClientPool): void {
    this.#pools.delete(origin)
    pool.close()
    if (pool.isEmpty) return
    this.#retired.add(pool)
    pool.onEmpty(() => this.#retired.delete(pool))
  }
}
