/**
 * Offset up to which the owner of a partition number knows webhook-attempts: from its takeover, its own records, and
 * reads since then. A former owner that was cut off may write there after the takeover has read to the end.
 */
export class AttemptProgress {
  /** Every record before this offset was written or read by this owner. */
  #known: number
  /** The latest run of records without a gap that this owner has written: its first offset, and the one after its last. */
  #runFrom: number
  #runTo: number
  /** What was known at the last call of `reach`. */
  #knownBefore: number
  /** Offset of an unread record in webhook-replays -> what was known before the record was there. */
  #unread = new Map<number, number>()

  /** @param readTo offset that the takeover has read up to. */
  constructor(readTo: number) {
    this.#known = readTo
    this.#runFrom = readTo
    this.#runTo = readTo
    this.#knownBefore = readTo
  }

  /** Records before the latest run that others have written; null when there are none. */
  get gap(): { from: number; to: number } | null {
    return this.#known < this.#runFrom ? { from: this.#known, to: this.#runFrom } : null
  }

  /**
   * Offset that a snapshot may reach with the next commit: every attempt before it was written or read by this owner.
   * Joined messages may be answered before their record in webhook-replays is read. A commit cannot show that record until
   * then, so a successor has to read their attempts, which are behind everything known before the record was there.
   * @param unread offsets of these records.
   */
  reach(unread: ReadonlySet<number>): number {
    let reached = this.#known
    const knownBefore = new Map<number, number>()
    for (const offset of unread) {
      const known = this.#unread.get(offset) ?? this.#knownBefore
      knownBefore.set(offset, known)
      reached = Math.min(reached, known)
    }
    this.#unread = knownBefore
    this.#knownBefore = this.#known
    return reached
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
