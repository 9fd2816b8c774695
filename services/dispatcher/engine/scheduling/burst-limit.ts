/** Age up to which a request counts as recent. Older ones wait for their receiver, not for this process. */
const recentMs = 4

/** Counts the requests in flight that have started lately, in epochs of a few milliseconds. */
export class BurstLimit {
  readonly #after: (delayMs: number, due: () => void) => { cancel(): void }
  readonly #onEpoch: () => void
  #epoch = 0
  #count = 0
  #isTimerSet = false

  /** @param onEpoch called when an epoch ends, after which its requests are no longer recent. */
  constructor(after: (delayMs: number, due: () => void) => { cancel(): void }, onEpoch: () => void) {
    this.#after = after
    this.#onEpoch = onEpoch
  }

  get count(): number {
    return this.#count
  }

  /** @returns the epoch of the start, for `ended`. */
  started(): number {
    this.#count++
    if (!this.#isTimerSet) {
      this.#isTimerSet = true
      this.#after(recentMs, () => this.#beginEpoch())
    }
    return this.#epoch
  }

  ended(startEpoch: number): void {
    if (startEpoch === this.#epoch) this.#count--
  }

  #beginEpoch(): void {
    this.#isTimerSet = false
    this.#epoch++
    this.#count = 0
    this.#onEpoch()
  }
}
