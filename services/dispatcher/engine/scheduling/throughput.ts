/** How many sends of a webhook end in a second. */
export class Throughput {
  #ended = 0
  #perSecond = 0
  #measurements = 0

  /** A send has ended. */
  count(): void {
    this.#ended++
  }

  /** To be called from time to time. @param elapsedMs since the last call. */
  measure(elapsedMs: number): void {
    this.#perSecond = (this.#ended * 1_000) / elapsedMs
    this.#ended = 0
    this.#measurements++
  }

  /** As measured last, or what has ended since then, if that is more. */
  get perSecond(): number {
    return Math.max(this.#perSecond, this.#ended)
  }

  /** Over a whole interval: the first one may have begun shortly before it was measured. */
  get isMeasured(): boolean {
    return this.#measurements > 1
  }
}
