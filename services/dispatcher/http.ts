import type { IncomingHttpHeaders } from 'node:http'
import { type Dispatcher, Pool } from 'undici'
import type { Outcome } from '../domain/outcome.ts'
import type { Clock } from '../platform/clock.ts'
import { parseRetryAfter } from './retry.ts'

export type Request = {
  origin: string
  path: string
  /** Flat list of names and values. */
  headers: string[]
  body: Buffer
  /** Of the whole request, connecting included. */
  timeoutMs: number
}

const connectTimeoutMs = 3_000
/** Of an answer, so much is read; the rest is dropped with its connection (design.md, limits). */
const responseCapBytes = 16_384
/** Of an answer that is not 2xx, so much is kept for the error log. */
const excerptBytes = 512
/** Sockets live no longer, so that changes of DNS take effect (design.md, addresses). */
const socketLifetimeMs = 60_000
const idlePoolMs = 120_000

type OriginPool = { pool: Pool; usedAtMs: number; inFlight: number }

/**
 * Posts to receivers over keep-alive connections, one pool an origin. undici's dispatch with a handler takes 20 us of
 * CPU a request, its promise API 26 us, other clients up to 280 us (design.md).
 */
export class HttpSender implements AsyncDisposable {
  readonly #pools = new Map<string, OriginPool>()
  readonly #clock: Clock
  readonly #sweeper: NodeJS.Timeout

  constructor(clock: Clock) {
    this.#clock = clock
    this.#sweeper = setInterval(() => this.#sweep(), idlePoolMs / 4).unref()
  }

  /** Calls back exactly once, after timeoutMs at the latest. Redirects are not followed. */
  post(request: Request, ended: (outcome: Outcome) => void): void {
    const entry = this.#pool(request.origin)
    entry.inFlight++
    entry.usedAtMs = this.#clock.monotonicMs()
    const exchange = new Exchange(this.#clock, request.timeoutMs, (outcome) => {
      entry.inFlight--
      ended(outcome)
    })
    const { path, headers, body } = request
    entry.pool.dispatch({ method: 'POST', path, headers, body, headersTimeout: 0, bodyTimeout: 0 }, exchange)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    clearInterval(this.#sweeper)
    await Promise.all([...this.#pools.values()].map(({ pool }) => pool.destroy()))
  }

  #pool(origin: string): OriginPool {
    let entry = this.#pools.get(origin)
    if (!entry) {
      const pool = new Pool(origin, {
        connections: null,
        pipelining: 1,
        allowH2: false,
        clientTtl: socketLifetimeMs,
        connect: { timeout: connectTimeoutMs },
        maxHeaderSize: 16_384,
      })
      entry = { pool, usedAtMs: this.#clock.monotonicMs(), inFlight: 0 }
      this.#pools.set(origin, entry)
    }
    return entry
  }

  #sweep(): void {
    const oldest = this.#clock.monotonicMs() - idlePoolMs
    for (const [origin, entry] of this.#pools) {
      if (entry.inFlight > 0 || entry.usedAtMs > oldest) continue
      this.#pools.delete(origin)
      void entry.pool.destroy()
    }
  }
}

/** One request and its answer, as undici's handler. */
class Exchange implements Dispatcher.DispatchHandler {
  readonly #clock: Clock
  readonly #startedAtMs: number
  readonly #ended: (outcome: Outcome) => void
  readonly #timer: NodeJS.Timeout
  #controller: Dispatcher.DispatchController | undefined
  #done = false
  #status = 0
  #retryAfter: string | undefined
  #receivedBytes = 0
  #excerpt: Buffer[] = []

  constructor(clock: Clock, timeoutMs: number, ended: (outcome: Outcome) => void) {
    this.#clock = clock
    this.#startedAtMs = clock.monotonicMs()
    this.#ended = ended
    this.#timer = setTimeout(() => this.#timeOut(timeoutMs), timeoutMs)
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    if (this.#done) controller.abort(new Error('timed out before a connection was free'))
    else this.#controller = controller
  }

  onResponseStart(_controller: Dispatcher.DispatchController, status: number, headers: IncomingHttpHeaders): void {
    if (status < 200) return
    this.#status = status
    this.#retryAfter = headers['retry-after']
  }

  onResponseData(_controller: Dispatcher.DispatchController, chunk: Buffer): void {
    if (this.#receivedBytes < excerptBytes && !this.#succeeded)
      this.#excerpt.push(chunk.subarray(0, excerptBytes - this.#receivedBytes))
    this.#receivedBytes += chunk.length
    if (this.#receivedBytes > responseCapBytes) this.#cutOff()
  }

  onResponseEnd(): void {
    this.#end(this.#answered())
  }

  onResponseError(_controller: Dispatcher.DispatchController, error: Error): void {
    this.#end({ kind: 'unreachable', reason: reasonOf(error), latencyMs: this.#latencyMs(), detail: error.message })
  }

  get #succeeded(): boolean {
    return this.#status >= 200 && this.#status < 300
  }

  #cutOff(): void {
    this.#end(this.#answered())
    this.#controller?.abort(new Error('answer is longer than is read'))
  }

  #timeOut(timeoutMs: number): void {
    const detail = `no ${this.#status === 0 ? 'answer' : 'end of the answer'} within ${timeoutMs} ms`
    this.#end({ kind: 'unreachable', reason: 'timeout', latencyMs: this.#latencyMs(), detail })
    this.#controller?.abort(new Error(detail))
  }

  #answered(): Outcome {
    const [status, latencyMs] = [this.#status, this.#latencyMs()]
    if (this.#succeeded) return { kind: 'success', status, latencyMs }
    const retryAfterMs = parseRetryAfter(this.#retryAfter, this.#clock.nowMs())
    return {
      kind: 'refused',
      status,
      latencyMs,
      responseExcerpt: Buffer.concat(this.#excerpt).toString('utf8'),
      ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
    }
  }

  #end(outcome: Outcome): void {
    if (this.#done) return
    this.#done = true
    clearTimeout(this.#timer)
    this.#ended(outcome)
  }

  #latencyMs(): number {
    return this.#clock.monotonicMs() - this.#startedAtMs
  }
}

/** Which step failed, by the codes of Node's dns, net and tls and of undici. */
export function reasonOf(error: Error): 'timeout' | 'dns' | 'connect' | 'tls' {
  const code = (error as { code?: string }).code ?? ''
  if (/^(ENOTFOUND|EAI_|ENODATA|ESERVFAIL)/.test(code)) return 'dns'
  if (/^(ERR_TLS|ERR_SSL|CERT_|DEPTH_ZERO|SELF_SIGNED|UNABLE_TO|EPROTO|HOSTNAME_MISMATCH|ERR_OSSL)/.test(code))
    return 'tls'
  if (/^UND_ERR_(HEADERS|BODY)_TIMEOUT/.test(code)) return 'timeout'
  return 'connect'
}
