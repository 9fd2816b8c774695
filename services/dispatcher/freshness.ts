import type { Clock } from '../platform/clock.ts'

const tickMs = 500
/** A process that stood still for so long may have missed edits; guarantees.md, 16 allows 5 s. */
const longestGapMs = 2_000

/**
 * Whether the definitions in memory can be trusted. A process that was stopped for a while (SIGSTOP, a paused machine) goes
 * on with what it has in its lanes before anything else: it must first read what was edited meanwhile.
 */
export class Freshness implements Disposable {
  readonly #clock: Pick<Clock, 'monotonicMs'>
  readonly #refresh: () => Promise<void>
  readonly #timer: NodeJS.Timeout
  #seenMs: number
  #refreshing = false

  /** @param refresh reads the definitions to their end, however long that takes. */
  constructor(clock: Pick<Clock, 'monotonicMs'>, refresh: () => Promise<void>, fail: (error: unknown) => void) {
    this.#clock = clock
    this.#refresh = refresh
    this.#seenMs = clock.monotonicMs()
    this.#timer = setInterval(() => void this.check().catch(fail), tickMs)
  }

  get isFresh(): boolean {
    return !this.#refreshing && this.#clock.monotonicMs() - this.#seenMs <= longestGapMs
  }

  /** Resolves when the definitions can be trusted again. */
  async check(): Promise<void> {
    if (this.#refreshing) return
    if (!this.isFresh) {
      this.#refreshing = true
      await this.#refresh()
      this.#refreshing = false
    }
    this.#seenMs = this.#clock.monotonicMs()
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer)
  }
}
