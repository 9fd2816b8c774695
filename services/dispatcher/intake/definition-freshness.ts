import type { Clock, Timer } from '../../platform/runtime/clock.ts'

const checkMs = 2_000
/** Maximum age of the definitions: guarantee 16 allows 5 s, which includes the request itself. */
const longestMs = 4_000

/**
 * Checks whether the definitions in memory can be trusted: whether they were all that Kafka had at most a few seconds
 * ago. Without it, a process that stood still (SIGSTOP), a machine that was suspended, or one that is cut off from
 * Kafka but not from the receivers would keep sending what is in its lanes to a URL that has been changed since.
 */
export class DefinitionFreshness implements Disposable {
  readonly #clock: Pick<Clock, 'monotonicMs' | 'nowMs'>
  readonly #caughtUp: () => Promise<void>
  readonly #timer: Timer
  /** Start of the latest successful check, by both clocks: the monotonic one stands still in a suspended machine. */
  #known: { monotonicMs: number; nowMs: number }
  #checking = false

  /**
   * @param caughtUp resolves when all that Kafka held at the time of the call has been read, however long that takes.
   */
  constructor(
    clock: Pick<Clock, 'monotonicMs' | 'nowMs' | 'every'>,
    caughtUp: () => Promise<void>,
    fail: (error: unknown) => void,
  ) {
    this.#clock = clock
    this.#caughtUp = caughtUp
    this.#known = this.#read()
    this.#timer = clock.every(checkMs, () => void this.check().catch(fail))
  }

  get isFresh(): boolean {
    const { monotonicMs, nowMs } = this.#known
    const elapsedMs = this.#clock.monotonicMs() - monotonicMs
    return elapsedMs <= longestMs && Math.abs(this.#clock.nowMs() - nowMs) <= longestMs
  }

  /** Resolves when everything that Kafka holds now has been read; at once while another check is under way. */
  async check(): Promise<void> {
    if (this.#checking) return
    this.#checking = true
    const began = this.#read()
    try {
      await this.#caughtUp()
      this.#known = began
    } finally {
      this.#checking = false
    }
  }

  [Symbol.dispose](): void {
    this.#timer.cancel()
  }

  #read(): { monotonicMs: number; nowMs: number } {
    return { monotonicMs: this.#clock.monotonicMs(), nowMs: this.#clock.nowMs() }
  }
}
