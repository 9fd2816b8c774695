/**
 * Offset up to which the owner of a partition number knows webhook-attempts: from its takeover, its own records, and
 * reads since then. A former owner that was cut off may write there after the takeover has read to the end.
 */
export class AttemptProgress {
  #known: number
  /** The latest run of records without a gap that this owner has written: its first offset, and the one after its last. */
  #runFrom: number
  #runTo: number

  /** @param readTo offset that the takeover has read up to. */
  constructor(readTo: number) {
    this.#known = readTo
    this.#runFrom = readTo
    this.#runTo = readTo
  }

  /** Every record before this offset was written or read by this owner. */
  get known(): number {
    return this.#known
  }

  /** Records before the latest run that others have written; null when there are none. */
  get gap(): { from: number; to: number } | null {
    return this.#known < this.#runFrom ? { from: this.#known, to: this.#runFrom } : null
  }

  /** Notes a record that Kafka has acknowledged to this owner. */
  wrote(offset: number): void {
    if (offset < this.#runTo) return
    if (offset > this.#runTo) this.#runFrom = offset
    this.#runTo = offset + 1
    this.#join()
  }

  /** Notes that everything before the offset was read. */
  readTo(offset: number): void {
    this.#known = Math.max(this.#known, offset)
    this.#join()
  }

  #join(): void {
    if (this.#runFrom <= this.#known) this.#known = Math.max(this.#known, this.#runTo)
  }
}
