import type { Clock } from '../../platform/runtime/clock.ts'

/** The work did not end in time. What had begun goes on, and may still take effect; what had not begun never will. */
export class WriteTimeout extends Error {
  override name = 'WriteTimeout'
}

/**
 * One write at a time for each key (a business): a decision sees the outcome of the one before it, so that two requests
 * cannot both take a channel or a version. Across instances that holds for what was written before the decision was made;
 * of two changes of one webhook within the same milliseconds the earlier one holds (checked-writes.ts), and
 * definition-table.ts settles the channels. Own code: async-mutex and p-limit know neither keys nor a limit over waiting
 * and work together, and would replace the eight lines of `wait`.
 */
export class WriteQueue {
  readonly #tails = new Map<string, Promise<void>>()
  readonly #clock: Clock
  readonly #timeoutMs: number

  constructor(clock: Clock, timeoutMs: number) {
    this.#clock = clock
    this.#timeoutMs = timeoutMs
  }

  /** For a request, which cannot wait for ever. @throws WriteTimeout, and what the work throws. */
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

  /** Without a limit of time. @throws what the work throws. */
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
