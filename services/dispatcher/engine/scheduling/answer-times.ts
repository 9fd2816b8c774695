import type { SlotClass } from './request-slots.ts'

/** From this mean on, an answer keeps its place in flight for so long that others may lack it. */
const slowMs = 1_000
/** Weight of the newest answer in the mean: one timeout of 10 s makes a webhook slow, two quick answers mend it. */
const newestShare = 1 / 8
/** Nothing has ended for so long: the receiver may hang, which its timeout would tell only seconds later. */
const shortestSilenceMs = 250
const silenceInMeans = 4
/** Requests in a row that hung, after which one at a time is enough to see whether the receiver is back. */
const hangsToProbe = 10
/** More failures in a row will most likely be followed by others. */
const passingFailures = 2

/** How a request ended; hung: without an answer. */
export type RequestResult = 'succeeded' | 'refused' | 'hung'

/** How quickly a webhook's receiver has answered lately, which says from which share of the places it may take. */
export class AnswerTimes {
  #meanMs: number | null = null
  #silentMs = 0
  #hangsInRow = 0
  #failuresInRow = 0
  #isFaulted = false

  /** A request has ended. */
  ended(tookMs: number, ending: RequestResult): void {
    this.#meanMs = this.#meanMs === null ? tookMs : this.#meanMs + (tookMs - this.#meanMs) * newestShare
    this.#hangsInRow = ending === 'hung' && tookMs >= slowMs ? this.#hangsInRow + 1 : 0
    this.#failuresInRow = ending === 'succeeded' ? 0 : this.#failuresInRow + 1
    this.#silentMs = 0
    this.#isFaulted = false
  }

  /** Some requests are in flight, and for so much longer none of them has ended. */
  waited(elapsedMs: number): void {
    this.#silentMs += elapsedMs
  }

  /** The first request after a time without one. */
  began(): void {
    this.#silentMs = 0
  }

  /** It failed lately, before this process measured anything: slow until its first answers. */
  suspect(): void {
    this.#meanMs ??= slowMs * (1 + newestShare / 2)
  }

  /** Nothing can be sent, for a fault of ours, until a request ends. */
  faulted(): void {
    this.#isFaulted = true
  }

  /** Nothing but hanging requests for a while: one in flight at a time, until one ends otherwise. */
  get isProbed(): boolean {
    return this.#hangsInRow >= hangsToProbe
  }

  /** The share of memory that it takes from: what is refused at once waits for its retries as long as what hangs. */
  get memoryClass(): SlotClass {
    if (this.#failuresInRow > passingFailures) return 'slow'
    const { slotClass } = this
    return slotClass === 'quick' && this.#failuresInRow > 0 ? 'unknown' : slotClass
  }

  /** The share of the places in flight that it takes from. */
  get slotClass(): SlotClass {
    const patienceMs = Math.min(slowMs, Math.max(shortestSilenceMs, (this.#meanMs ?? 0) * silenceInMeans))
    if (this.#isFaulted || this.#silentMs >= patienceMs || (this.#meanMs ?? 0) >= slowMs) return 'slow'
    return this.#meanMs === null ? 'unknown' : 'quick'
  }
}
