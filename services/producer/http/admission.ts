/**
 * Limits the memory that requests hold: their bodies, and their records until Kafka has acknowledged them. An owner may
 * hold as much as is left free: half if it is alone, a third each if there are two. So there is always room for another
 * owner.
 */
export class Admission {
  readonly #maxBytes: number
  readonly #recordBytes: () => number
  readonly #heldByOwner = new Map<string, number>()
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
   * Admits a request; the limits are exceeded by one body at most.
   * @param owner the business or subject of its token.
   * @returns a function that releases the bytes, once; 'full' if there is no room at all, 'share' if this owner has
   * none.
   */
  enter(owner: string, bodyBytes: number): (() => void) | 'full' | 'share' {
    if (this.isFull) return 'full'
    const held = this.#heldByOwner.get(owner) ?? 0
    if (held > this.#maxBytes - this.heldBytes) return 'share'
    this.#hold(owner, bodyBytes)
    let isHeld = true
    return () => {
      if (isHeld) this.#hold(owner, -bodyBytes)
      isHeld = false
    }
  }

  #hold(owner: string, bytes: number): void {
    this.#bodyBytes += bytes
    const held = (this.#heldByOwner.get(owner) ?? 0) + bytes
    if (held === 0) this.#heldByOwner.delete(owner)
    else this.#heldByOwner.set(owner, held)
  }
}
