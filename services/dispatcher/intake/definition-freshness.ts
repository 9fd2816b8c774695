import type { Clock } from '../../platform/runtime/clock.ts'

const checkMs = 1_000
/** What was edited longer ago than this is known for certain; guarantee 16 allows 5 s, which the request itself is part of. */
const longestMs = 4_000

/**
 * Whether the definitions in memory can be trusted: they held, a few seconds ago at most, all that Kafka had. A process that
 * stood still (SIGSTOP), a machine that was suspended, and one that is cut off from Kafka but not from the receivers would
 * otherwise go on sending what is in their lanes to a URL that has been changed since.
 */
export class DefinitionFreshness implements Disposable {
  readonly #clock: Pick<Clock, 'monotonicMs' | 'nowMs'>
  readonly #caughtUp: () => Promise<void>
  readonly #timer: NodeJS.Timeout
  /** When the latest check that has succeeded began, by both clocks: the monotonic one stands still in a suspended machine. */
  #known: { monotonicMs: number; nowMs: number }
  #checking = false

  /** @param caughtUp resolves when all that Kafka held at the time of the call has been read, however long that takes. */
  constructor(
    clock: Pick<Clock, 'monotonicMs' | 'nowMs'>,
    caughtUp: () => Promise<void>,
    fail: (error: unknown) => void,
  ) {
    this.#clock = clock
    this.#caughtUp = caughtUp
    this.#known = this.#read()
    this.#timer = setInterval(() => void this.check().catch(fail), checkMs)
  }

  get isFresh(): boolean {
    const { monotonicMs, nowMs } = this.#known
    const elapsedMs = this.#clock.monotonicMs() - monotonicMs
    return elapsedMs <= longestMs && Math.abs(this.#clock.nowMs() - nowMs) <= longestMs
  }

  /** Resolves when what Kafka holds now has been read; at once while another check is under way. */
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
    clearInterval(this.#timer)
  }

  #read(): { monotonicMs: number; nowMs: number } {
    return { monotonicMs: this.#clock.monotonicMs(), nowMs: this.#clock.nowMs() }
  }
}
