import type { Clock } from '../../platform/runtime/clock.ts'

/** The work did not end in time. If it had begun, it continues and may still take effect; otherwise it never will. */
export class WriteTimeout extends Error {
  override name = 'WriteTimeout'
}

/**
 * One write at a time for each key (a business). A decision sees the outcome of the one before it, so two requests cannot
 * both take a channel or a version. Across instances this holds for records written before the decision; of two changes of
 * one webhook within the same milliseconds the earlier one is kept (checked-writes.ts), and definition-table.ts settles
 * the channels. Own code: async-mutex and p-limit have neither keys nor one time limit over waiting and work, and would
 * replace only the eight lines of `wait`.
 */
export class WriteQueue {
  readonly #tails = new Map<string, Promise<void>>()
  readonly #clock: Clock
  readonly #timeoutMs: number

  constructor(clock: Clock, timeoutMs: number) {
    this.#clock = clock
    this.#timeoutMs = timeoutMs
  }

  /** Runs the work of a request, within a time limit. @throws WriteTimeout, or the work's error. */
  run<T>(key: string, work: () => Promise<T>): Promise<T> {
    let late = false
    const turn = this.wait(key, async () => {
      if (late) throw new WriteTimeout('the write was not begun in time')
      return work()
    })
    const done = new AbortController()
    const end = () => done.abort()
    turn.then(end, end)
    const timeout = this.#clock.sleep(this.#timeoutMs, done.signal).then(() => {
      if (done.signal.aborted) return turn
      late = true
      throw new WriteTimeout(`Kafka has not acknowledged the write within ${this.#timeoutMs} ms`)
    })
    return Promise.race([turn, timeout])
  }

  /** Runs work without a time limit. @throws the work's error. */
  wait<T>(key: string, work: () => Promise<T>): Promise<T> {
    const turn = (this.#tails.get(key) ?? Promise.resolve()).then(work)
    const ended = () => {
      if (this.#tails.get(key) === tail) this.#tails.delete(key)
    }
    const tail = turn.then(ended, ended)
    this.#tails.set(key, tail)
    return turn
  }
}
