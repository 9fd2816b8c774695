/** Bounds the memory that requests hold: their bodies, and their records until Kafka has acknowledged them. */
export class Admission {
  readonly #maxBytes: number
  readonly #recordBytes: () => number
  #bodyBytes = 0

  /** @param recordBytes bytes of records that Kafka has not acknowledged. */
  constructor(maxBytes: number, recordBytes: () => number) {
    this.#maxBytes = maxBytes
    this.#recordBytes = recordBytes
  }

  get heldBytes(): number {
    return this.#bodyBytes + this.#recordBytes()
  }

  get isFull(): boolean {
    return this.heldBytes >= this.#maxBytes
  }

  /**
   * Takes in a request; what is held exceeds the limit by one body at most.
   * @returns gives the bytes back, once; null when there is no room.
   */
  enter(bodyBytes: number): (() => void) | null {
    if (this.isFull) return null
    this.#bodyBytes += bodyBytes
    let held = bodyBytes
    return () => {
      this.#bodyBytes -= held
      held = 0
    }
  }
}
