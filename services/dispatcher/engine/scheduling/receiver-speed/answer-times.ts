import type { SlotClass } from '../request-slots.ts'

/** Mean answer time from which a webhook counts as slow: it then keeps its slots so long that others may lack them. */
const slowMs = 1_000
/**
 * Weight of the newest answer in the mean: one timeout of 10 s makes a webhook slow, two quick answers make it quick
 * again.
 */
const newestShare = 1 / 8
/** Shortest silence after which a receiver may hang; its timeout would show that only seconds later. */
const shortestSilenceMs = 250
const silenceInMeans = 4
/** Requests in a row that hung, after which one at a time is enough to see whether the receiver is back. */
const hangsToProbe = 10
/** Maximum failures in a row that count as passing: after more, the next one most likely fails too. */
const passingFailures = 2

/** End of a request; hung: without an answer. */
export type RequestResult = 'succeeded' | 'refused' | 'hung'

/** How quickly a webhook's receiver has answered lately; decides which share of the request slots it takes from. */
export class AnswerTimes {
  #meanMs: number | null = null
  #silentMs = 0
  #hangsInRow = 0
  #failuresInRow = 0
  #isFaulted = false

  /** Notes the end of a request. */
  ended(tookMs: number, ending: RequestResult): void {
    this.#meanMs = this.#meanMs === null ? tookMs : this.#meanMs + (tookMs - this.#meanMs) * newestShare
    this.#hangsInRow = ending === 'hung' && tookMs >= slowMs ? this.#hangsInRow + 1 : 0
    this.#failuresInRow = ending === 'succeeded' ? 0 : this.#failuresInRow + 1
    this.#silentMs = 0
    this.#isFaulted = false
  }

  /** Notes that requests are in flight and none of them has ended during this additional time. */
  waited(elapsedMs: number): void {
    this.#silentMs += elapsedMs
  }

  /** Notes the first request after a time with none in flight. */
  began(): void {
    this.#silentMs = 0
  }

  /** Notes that the webhook failed lately, before this process measured anything. It is slow until its first answers. */
  suspect(): void {
    this.#meanMs ??= slowMs * (1 + newestShare / 2)
  }

  /** Notes that an internal fault prevents sending until a request ends. */
  faulted(): void {
    this.#isFaulted = true
  }

  /** Whether only one request may be in flight at a time, because all of them hung lately. Ends when one does not hang. */
  get isProbed(): boolean {
    return this.#hangsInRow >= hangsToProbe
  }

  /**
   * Share of memory that the webhook takes from. Deliveries refused at once wait for their retries as long as hanging
   * ones.
   */
  get memoryClass(): SlotClass {
    if (this.#failuresInRow > passingFailures) return 'slow'
    const { slotClass } = this
    return slotClass === 'quick' && this.#failuresInRow > 0 ? 'unknown' : slotClass
  }

  /** Share of the request slots that the webhook takes from. */
  get slotClass(): SlotClass {
    const patienceMs = Math.min(slowMs, Math.max(shortestSilenceMs, (this.#meanMs ?? 0) * silenceInMeans))
    if (this.#isFaulted || this.#silentMs >= patienceMs || (this.#meanMs ?? 0) >= slowMs) return 'slow'
    return this.#meanMs === null ? 'unknown' : 'quick'
  }
}
