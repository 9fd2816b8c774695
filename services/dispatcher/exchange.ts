import type { IncomingHttpHeaders } from 'node:http'
import type { Dispatcher } from 'undici'
import type { Outcome } from '../domain/outcome.ts'
import type { Clock } from '../platform/clock.ts'
import { AnswerTooLongError } from './answer-limit.ts'
import { parseRetryAfter } from './retry.ts'
import { failureOf } from './unreachable.ts'

/** Of an answer's body, so much is read; the rest is dropped with its connection (design.md, limits). */
const bodyCapBytes = 16_384
/** Of an answer that is not 2xx, so much is kept for the error log. */
const excerptBytes = 512

/** One request and its answer, as undici's handler. The body is never decompressed. */
export class Exchange implements Dispatcher.DispatchHandler {
  readonly #clock: Clock
  readonly #startedAtMs: number
  readonly #mayStart: () => boolean
  readonly #ended: (outcome: Outcome | null, whole: boolean) => void
  readonly #timer: NodeJS.Timeout
  #controller: Dispatcher.DispatchController | undefined
  #done = false
  #status = 0
  #retryAfter: string | undefined
  #receivedBytes = 0
  #excerpt: Buffer[] = []

  /**
   * @param timeoutMs of the whole exchange, connecting included.
   * @param mayStart asked right before the request is written, which may be a while after its making.
   * @param ended outcome null: it was not to start, and nothing was sent. whole: the answer was read to its end, so that its socket may carry another request.
   */
  constructor(
    clock: Clock,
    timeoutMs: number,
    mayStart: () => boolean,
    ended: (outcome: Outcome | null, whole: boolean) => void,
  ) {
    this.#clock = clock
    this.#mayStart = mayStart
    this.#startedAtMs = clock.monotonicMs()
    this.#ended = ended
    this.#timer = setTimeout(() => this.#timeOut(timeoutMs), timeoutMs)
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    if (this.#done) return controller.abort(new Error('timed out before a connection was free'))
    this.#controller = controller
    if (this.#mayStart()) return
    queueMicrotask(() => this.#end(null))
    controller.abort(new Error('not to be sent any more'))
  }

  onResponseStart(_controller: Dispatcher.DispatchController, status: number, headers: IncomingHttpHeaders): void {
    if (status < 200) return
    this.#status = status
    this.#retryAfter = headers['retry-after']
  }

  onResponseData(_controller: Dispatcher.DispatchController, chunk: Buffer): void {
    if (this.#receivedBytes < excerptBytes && !this.#succeeded)
      // A copy: a part would keep the whole read alive.
      this.#excerpt.push(Buffer.from(chunk.subarray(0, excerptBytes - this.#receivedBytes)))
    this.#receivedBytes += chunk.length
    if (this.#receivedBytes > bodyCapBytes) this.#cutOff()
  }

  onResponseEnd(): void {
    this.#end(this.#answered(), true)
  }

  onResponseError(_controller: Dispatcher.DispatchController, error: Error): void {
    const isAnswered = error instanceof AnswerTooLongError && this.#status !== 0
    const outcome = isAnswered ? this.#answered() : failureOf(error, this.#latencyMs())
    // undici may call from within dispatch, for instance for a header that it does not send.
    queueMicrotask(() => this.#end(outcome))
  }

  get #succeeded(): boolean {
    return this.#status >= 200 && this.#status < 300
  }

  #cutOff(): void {
    this.#end(this.#answered())
    this.#controller?.abort(new AnswerTooLongError())
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

  #end(outcome: Outcome | null, whole = false): void {
    if (this.#done) return
    this.#done = true
    clearTimeout(this.#timer)
    this.#ended(outcome, whole)
  }

  #latencyMs(): number {
    return this.#clock.monotonicMs() - this.#startedAtMs
  }
}
