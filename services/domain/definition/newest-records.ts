/** Deleted keys that are remembered: ids may be used again. */
const maxDeleted = 10_000

/**
 * The newest record of each key of a compacted topic that holds. Kafka has no compare-and-set: a change names the record
 * that it was decided on, and does not hold where another one came first. Who folds the same log comes to the same.
 */
export class NewestRecords {
  readonly #offsets = new Map<string, number>()
  readonly #deleted = new Set<string>()

  /** Offset of the newest record that holds, a deletion too; -1: none is known. */
  offsetOf(key: string): number {
    return this.#offsets.get(key) ?? -1
  }

  /**
   * @param decidedOn offset that the record names; null: it holds in any case, as what operators write.
   * @returns whether it holds. Where nothing is known of its key, compaction has removed what it was decided on.
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
