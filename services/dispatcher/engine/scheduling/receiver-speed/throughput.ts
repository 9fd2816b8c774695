/** Number of sends of a queue that end per second. */
export class Throughput {
  #ended = 0
  #perSecond = 0
  #measurements = 0

  /** A send has ended. */
  count(): void {
    this.#ended++
  }

  /**
   * Measures the interval since the last call. Called regularly.
   * @param elapsedMs since the last call.
   */
  measure(elapsedMs: number): void {
    this.#perSecond = (this.#ended * 1_000) / elapsedMs
    this.#ended = 0
    this.#measurements++
  }

  /** The last measured rate, or the number of sends that ended since then, whichever is higher. */
  get perSecond(): number {
    return Math.max(this.#perSecond, this.#ended)
  }

  /** Whether a whole interval has been measured: the first may have begun shortly before its end. */
  get isMeasured(): boolean {
    return this.#measurements > 1
  }
}
