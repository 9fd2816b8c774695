import { type Clock, untilShared } from '../../platform/runtime/clock.ts'

/**
 * Maximum write rate. A state of a full week is 5 KB and takes 0.2 ms, so those of a thousand busy webhooks are written
 * every three seconds.
 */
const bytesPerSecond = 2_000_000

/** Longest pause of a flusher that has nothing to write; stored states may need repair. */
const restMs = 4_000

/**
 * Flushes repeatedly, one flush at a time, and once more when disposed. After a flush that wrote nothing it rests until
 * something is to be written.
 */
export class Flusher implements AsyncDisposable {
  readonly #flush: () => Promise<number>
  readonly #ended = new AbortController()
  readonly #running: Promise<void>
  #resting = new AbortController()
  #isNeeded = false

  /**
   * @param flush resolves with the number of bytes written.
   * @param fail called for a fault that waiting does not fix; must end the process.
   */
  constructor(flush: () => Promise<number>, intervalMs: number, clock: Clock, fail: (error: unknown) => void) {
    this.#flush = flush
    this.#running = this.#run(intervalMs, clock).catch(fail)
  }

  /** Says that there is something to write. */
  wake(): void {
    this.#isNeeded = true
    this.#resting.abort()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#ended.abort()
    await this.#running
    await this.#flush()
  }

  async #run(intervalMs: number, clock: Clock): Promise<void> {
    let bytes = 0
    let hasWork = true
    while (!this.#ended.signal.aborted) {
      const pause = pauseMs(bytes, untilShared(clock.monotonicMs(), intervalMs))
      if (hasWork) await clock.sleep(pause, this.#ended.signal)
      this.#isNeeded = false
      bytes = await this.#flush()
      if (bytes === 0 && !this.#isNeeded) await this.#rest(clock)
      hasWork = bytes > 0 || this.#isNeeded
    }
  }

  async #rest(clock: Clock): Promise<void> {
    this.#resting = new AbortController()
    const woken = AbortSignal.any([this.#resting.signal, this.#ended.signal])
    await clock.sleep(untilShared(clock.monotonicMs(), restMs), woken)
  }
}

/** Pause until the next flush, from the bytes that the last one wrote. */
export function pauseMs(writtenBytes: number, intervalMs: number): number {
  return Math.max(intervalMs, (writtenBytes / bytesPerSecond) * 1_000)
}
