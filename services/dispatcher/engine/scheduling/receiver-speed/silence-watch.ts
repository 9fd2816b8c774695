/** Time between two checks for silent receivers. */
const lookMs = 100

/** Checks for silent receivers while requests are in flight, long before their timeouts. */
export class SilenceWatch {
  readonly #after: (delayMs: number, due: () => void) => { cancel(): void }
  readonly #look: (elapsedMs: number) => boolean
  #isWatching = false

  /** @param look returns whether to continue. */
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
