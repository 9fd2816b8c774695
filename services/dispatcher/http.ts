import { lookup as resolveByNode } from 'node:dns'
import { type buildConnector, Pool } from 'undici'
import type { AddressRange } from '../domain/addresses.ts'
import type { Outcome } from '../domain/outcome.ts'
import type { Clock } from '../platform/clock.ts'
import { createConnector, type Resolve } from './addresses.ts'
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
}

const connectTimeoutMs = 3_000
const headCapBytes = 16_384

/**
 * Posts to receivers over keep-alive connections, one pool an origin. undici's dispatch with a handler takes 20 us of
 * CPU a request, its promise API 26 us, other clients up to 280 us (design.md).
 */
export class HttpSender implements AsyncDisposable {
  readonly #pools = new Map<string, { pool: Pool; timer: NodeJS.Timeout }>()
  /** Pools that take no more requests, and end the ones that they have. */
  readonly #retired = new Set<Pool>()
  readonly #clock: Clock
  readonly #connect: buildConnector.connector
  readonly #socketLifetimeMs: number

  constructor(clock: Clock, options: HttpSenderOptions) {
    this.#clock = clock
    const resolve = shareLookups(options.resolve ?? resolveByNode)
    this.#connect = createConnector(options.allowedAddresses ?? [], resolve, connectTimeoutMs)
    this.#socketLifetimeMs = options.socketLifetimeMs ?? 60_000
  }

  /**
   * Calls back exactly once, after timeoutMs at the latest, never from inside the call. Redirects are not followed, and
   * nothing is sent to an address that is not allowed.
   */
  post(request: Request, ended: (outcome: Outcome) => void): void {
    const { origin, path, headers, body, timeoutMs } = request
    const exchange = new Exchange(this.#clock, timeoutMs, ended)
    const pool = this.#pools.get(origin)?.pool ?? this.#open(origin)
    pool.dispatch({ method: 'POST', path, headers, body, headersTimeout: 0, bodyTimeout: 0 }, exchange)
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
  #open(origin: string): Pool {
    const pool = new Pool(origin, {
      connections: null,
      pipelining: 1,
      // Without it, an https pool waits with one connection until it knows that it is not HTTP/2.
      allowH2: false,
      connect: this.#connect,
      maxHeaderSize: headCapBytes,
    })
    const timer = setTimeout(() => this.#retire(origin, pool), this.#socketLifetimeMs).unref()
    this.#pools.set(origin, { pool, timer })
    return pool
  }

  #retire(origin: string, pool: Pool): void {
    this.#pools.delete(origin)
    this.#retired.add(pool)
    // Destroyed meanwhile is as good as closed.
    const forget = () => void this.#retired.delete(pool)
    pool.close().then(forget, forget)
  }
}
