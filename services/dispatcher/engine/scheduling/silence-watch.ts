/** Between two looks at who has been silent. */
const lookMs = 100

/** While requests are in flight, looks from time to time for receivers from which nothing comes: long before their timeouts. */
export class SilenceWatch {
  readonly #after: (delayMs: number, due: () => void) => { cancel(): void }
  readonly #look: (elapsedMs: number) => boolean
  #isWatching = false

  /** @param look says whether to go on. */
  constructor(after: (delayMs: number, due: () => void) => { cancel(): void }, look: (elapsedMs: number) => boolean) {
    this.#after = after
    this.#look = look
  }

  begin(): void {
    if (this.#isWatching) return
    this.#isWatching = true
    this.#after(lookMs, () => {
      this.#isWatching = false
      if (this.#look(lookMs)) this.begin()
    })
  }
}
