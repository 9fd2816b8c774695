/** Number of deleted keys that are remembered, because ids may be used again. */
const maxDeleted = 10_000

/**
 * The newest record of each key of a compacted topic. Kafka has no compare-and-set, so a change names the record that
 * it was decided on and is void when another record came first. Folding the same log always gives the same result.
 */
export class NewestRecords {
  readonly #offsets = new Map<string, number>()
  readonly #deleted = new Set<string>()

  /** Offset of the newest record that counts, deletions included; -1 if none is known. */
  newestOffset(key: string): number {
    return this.#offsets.get(key) ?? -1
  }

  /**
   * Applies one record.
   * @param decidedOn offset that the record names; null if it counts in any case, like records written by operators.
   * @returns whether the record counts. It does when its key is unknown: compaction has removed the record that it was
   * decided on.
   */
  take(key: string, offset: number, decidedOn: number | null, isDeletion: boolean): boolean {
    const newest = this.#offsets.get(key)
    if (decidedOn !== null && newest !== undefined && decidedOn !== newest) return false
    this.#offsets.set(key, offset)
    this.#deleted.delete(key)
    if (isDeletion) this.#forget(key)
    return true
  }

  #forget(deleted: string): void {
    this.#deleted.add(deleted)
    if (this.#deleted.size <= maxDeleted) return
    const [oldest = deleted] = this.#deleted
    this.#deleted.delete(oldest)
    this.#offsets.delete(oldest)
  }
}
