/** Requests older than that wait for their receiver, and not for us. */
const recentMs = 4

/** Counts requests in flight that have started lately, by generations of a few milliseconds. */
export class BurstLimit {
  readonly #after: (delayMs: number, due: () => void) => { cancel(): void }
  readonly #onEpoch: () => void
  #epoch = 0
  #count = 0
  #isTimerSet = false

  /** @param onEpoch called when they have grown old, all at once. */
  constructor(after: (delayMs: number, due: () => void) => { cancel(): void }, onEpoch: () => void) {
    this.#after = after
    this.#onEpoch = onEpoch
  }

  get count(): number {
    return this.#count
  }

  /** @returns its generation, for `ended`. */
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
