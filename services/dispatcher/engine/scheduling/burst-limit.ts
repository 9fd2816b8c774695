/** Requests older than that wait for their receiver, and not for us. */
const youngMs = 4

/** Counts requests in flight that have started lately, by generations of a few milliseconds. */
export class Young {
  readonly #after: (delayMs: number, due: () => void) => { cancel(): void }
  readonly #onAged: () => void
  #generation = 0
  #count = 0
  #ageing = false

  /** @param onAged called when they have grown old, all at once. */
  constructor(after: (delayMs: number, due: () => void) => { cancel(): void }, onAged: () => void) {
    this.#after = after
    this.#onAged = onAged
  }

  get count(): number {
    return this.#count
  }

  /** @returns its generation, for `ended`. */
  started(): number {
    this.#count++
    if (!this.#ageing) {
      this.#ageing = true
      this.#after(youngMs, () => this.#age())
    }
    return this.#generation
  }

  ended(generation: number): void {
    if (generation === this.#generation) this.#count--
  }

  #age(): void {
    this.#ageing = false
    this.#generation++
    this.#count = 0
    this.#onAged()
  }
}
