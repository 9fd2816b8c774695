import type { Outcome } from '../../domain/delivery/outcome.ts'
import type { Clock } from '../../platform/runtime/clock.ts'
import { AnswerReader } from './answer/answer-reader.ts'
import type { UnreadBodies } from './answer/unread-bodies.ts'
import type { ConnectionUser, HttpConnection } from './connection/connection.ts'
import type { ConnectionPool } from './connection/connections.ts'
import { type ConnectionTarget, Opening, type OpeningContext } from './connection/opening.ts'
import type { HttpRequest } from './http-sender.ts'
import type { RequestBytes } from './request-bytes.ts'
import { parseRetryAfter } from './retry-after.ts'
import { asError, TimeLimitError, toOutcome } from './unreachable.ts'

export type ExchangeContext = OpeningContext & {
  clock: Clock
  connections: ConnectionPool
  unread: UnreadBodies
  /** Called right before a request is written, which may be some time after it was created. */
  mayStart: () => boolean
}

/**
 * One request and its answer, from the choice of a connection to the end of the body. Every error on the way, an
 * exception included, becomes its outcome.
 */
export class Exchange implements ConnectionUser {
  readonly #context: ExchangeContext
  readonly #destination: ConnectionTarget
  readonly #timeoutMs: number
  readonly #ended: (outcome: Outcome | null) => void
  #startedAtMs = 0
  #timer: NodeJS.Timeout | undefined
  #answer: AnswerReader
  readonly #isWanted: HttpRequest['isWanted']
  /** Whether a success is reported only with its body. */
  readonly #keepsAnswer: boolean
  /** Time to the head of a success; null before it. */
  #successMs: number | null = null
  /** Bytes to write; null once the request can no longer be sent again. */
  #request: RequestBytes | null
  #opening: Opening | null = null
  #connection: HttpConnection | null = null
  /** Error for which it is sent a second time. */
  #lost: Error | null = null
  #isTold = false
  #isTelling = false

  /**
   * @param ended called once, with null when nothing was sent, as it was not to start or the egress proxy has failed;
   * maybe before the body has ended.
   */
  constructor(
    context: ExchangeContext,
    destination: ConnectionTarget,
    request: RequestBytes,
    { timeoutMs, keepsAnswer = false, isWanted }: Pick<HttpRequest, 'timeoutMs' | 'keepsAnswer' | 'isWanted'>,
    ended: (outcome: Outcome | null) => void,
  ) {
    this.#context = context
    this.#destination = destination
    this.#request = request
    this.#timeoutMs = timeoutMs
    this.#ended = ended
    this.#keepsAnswer = keepsAnswer
    this.#isWanted = isWanted
    this.#answer = new AnswerReader(keepsAnswer)
  }

  /** Begins; the time limit runs from here. Does nothing after an abort. */
  start(): void {
    if (this.#isTold) return
    const { clock, connections } = this.#context
    this.#startedAtMs = clock.monotonicMs()
    this.#timer = setTimeout(() => this.#timeOut(), this.#timeoutMs)
    this.#guard(() => {
      const idle = connections.take(this.#destination.key)
      if (idle) this.#send(idle)
      else this.#open()
    })
  }

  received(bytes: Buffer): void {
    this.#guard(() => {
      const answer = this.#answer
      answer.take(bytes)
      if (answer.problem !== null) this.#takeProblem(new Error(answer.problem))
      else if (answer.isEnded) this.#finish()
      else if (answer.isSuccess && !this.#isTold) {
        if (this.#keepsAnswer) this.#successMs ??= this.#latencyMs()
        else {
          this.#context.unread.add(this)
          this.#tell(this.#outcome())
        }
      }
    })
  }

  closed(error: Error | null): void {
    this.#guard(() => {
      const wasUsed = this.#isOnUsedConnection
      this.#connection = null
      if (this.#answer.status !== 0) {
        this.#answer.close()
        return this.#finish()
      }
      const lost = error ?? new Error('other side closed before its answer')
      // The other side closed an idle connection before it saw this request, as far as can be known: not a byte was
      // answered, and webhook-id makes a second arrival harmless (RFC 9110, 9.2.2; RFC 9112, 9.3.1).
      if (!wasUsed || this.#answer.hasBytes) return this.#fail(lost)
      this.#sendAgain(lost)
    })
  }

  /** Ends the exchange at once: nobody waits for the rest. */
  abort(reason: string): void {
    this.#fail(new Error(reason))
  }

  get #isOnUsedConnection(): boolean {
    return (this.#connection?.carried ?? 0) > 1
  }

  /** Bytes that no answer begins with, on a used connection, came late after the answer before: they answer nothing. */
  #takeProblem(error: Error): void {
    if (!this.#isOnUsedConnection || !this.#answer.isStray) return this.#fail(error)
    this.#connection?.destroy()
    this.#connection = null
    this.#answer = new AnswerReader(this.#keepsAnswer)
    this.#sendAgain(error)
  }

  /** Sends it a second and last time, on a new connection. */
  #sendAgain(lost: Error): void {
    this.#lost = lost
    this.#open()
  }

  #open(): void {
    this.#opening = new Opening(this.#context, this.#destination, (error, connection) => {
      this.#opening = null
      this.#guard(() => (connection ? this.#send(connection) : this.#fail(error ?? new Error('not connected'))))
    })
  }

  #send(connection: HttpConnection): void {
    if (!this.#context.mayStart() || this.#isWanted?.() === false) {
      this.#context.connections.keep(connection, null)
      return this.#lost ? this.#fail(this.#lost) : this.#tell(null)
    }
    this.#connection = connection
    if (this.#request) connection.carry(this.#request, this)
    if (connection.carried === 1) this.#request = null
  }

  #outcome(): Outcome {
    const { status, isSuccess, excerpt, fields, answer } = this.#answer
    const latencyMs = this.#successMs ?? this.#latencyMs()
    const kept = answer === null ? {} : { answer }
    if (isSuccess) return { kind: 'success', status, latencyMs, ...kept }
    const nowMs = this.#context.clock.nowMs()
    const asked = fields.retryAfter.map((value) => parseRetryAfter(value, nowMs))
    const retryAfterMs = asked.find((each) => each !== undefined)
    const refused: Outcome = { kind: 'refused', status, latencyMs, responseExcerpt: excerpt, ...kept }
    return retryAfterMs === undefined ? refused : { ...refused, retryAfterMs }
  }

  /** Ends the exchange after its answer, or as much of it as is read. */
  #finish(): void {
    const { keepsAlive, fields } = this.#answer
    const connection = this.#connection
    this.#connection = null
    if (connection && keepsAlive && connection.isWritten)
      this.#context.connections.keep(connection, fields.keepAliveSeconds)
    else connection?.destroy()
    this.#tell(this.#outcome())
  }

  /** Ends the exchange with an error. A status that has arrived counts, whatever goes wrong after it. */
  #fail(error: Error): void {
    this.#opening?.cancel()
    this.#opening = null
    this.#connection?.destroy()
    this.#connection = null
    this.#tell(this.#answer.status === 0 ? toOutcome(error, this.#latencyMs()) : this.#outcome())
  }

  #timeOut(): void {
    this.#guard(() => {
      const within = `within ${this.#timeoutMs} ms`
      const detail = this.#opening ? `no connection ${within}: ${this.#opening.step}` : `no answer ${within}`
      this.#fail(new TimeLimitError(detail))
    })
  }

  #tell(outcome: Outcome | null): void {
    // The time limit includes the body.
    if (this.#connection === null) {
      clearTimeout(this.#timer)
      this.#context.unread.delete(this)
    }
    this.#request = null
    if (this.#isTold) return
    this.#isTold = true
    this.#isTelling = true
    this.#ended(outcome)
    this.#isTelling = false
  }

  /** Makes an exception in a step the outcome of this exchange, unless it comes from the receiver of the outcome. */
  #guard(step: () => void): void {
    try {
      step()
    } catch (error) {
      if (this.#isTelling) throw error
      this.#fail(asError(error))
    }
  }

  #latencyMs(): number {
    return this.#timer === undefined ? 0 : this.#context.clock.monotonicMs() - this.#startedAtMs
  }
}
