import type { Clock } from './clock.ts'
import type { Logger } from './log.ts'

/** Shortest time between two log lines about the same fault. */
const logEveryMs = 10_000

export type RecurringFaultContext = { log: Pick<Logger, 'warn'>; clock: Pick<Clock, 'monotonicMs'> }

/**
 * A fault that is met again at each try as long as its cause lasts. It is logged when it is met first, and then at most
 * every ten seconds, with the number of times that were not logged.
 */
export class RecurringFault {
  readonly #context: RecurringFaultContext
  readonly #message: string
  readonly #fields: object
  #loggedMs = Number.NEGATIVE_INFINITY
  #unlogged = 0

  /** @param fields part of every line. */
  constructor(context: RecurringFaultContext, message: string, fields: object) {
    this.#context = context
    this.#message = message
    this.#fields = fields
  }

  /** @param details part of the line. */
  report(details: object): void {
    const { log, clock } = this.#context
    const nowMs = clock.monotonicMs()
    if (nowMs - this.#loggedMs < logEveryMs) {
      this.#unlogged++
      return
    }
    log.warn({ ...this.#fields, ...details, unlogged: this.#unlogged }, this.#message)
    this.#loggedMs = nowMs
    this.#unlogged = 0
  }
}
