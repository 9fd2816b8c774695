import type { Clock } from '../platform/clock.ts'

/** Flushes again and again, one flush at a time, and once more when disposed. */
export class Flusher implements AsyncDisposable {
  readonly #flush: () => Promise<void>
  readonly #ended = new AbortController()
  readonly #running: Promise<void>

  /** @param fail for a fault that no waiting mends; must end the process. */
  constructor(flush: () => Promise<void>, intervalMs: number, clock: Clock, fail: (error: unknown) => void) {
    this.#flush = flush
    this.#running = this.#run(intervalMs, clock).catch(fail)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#ended.abort()
    await this.#running
    await this.#flush()
  }

  async #run(intervalMs: number, clock: Clock): Promise<void> {
    while (!this.#ended.signal.aborted) {
      await clock.sleep(intervalMs, this.#ended.signal)
      await this.#flush()
    }
  }
}
