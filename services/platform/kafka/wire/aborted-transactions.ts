/** A transaction of which a broker says that it was aborted (Fetch response). */
export type AbortedTransaction = {
  producerId: number
  /** Offset of its first record in the partition. */
  firstOffset: number
}

/** Fields of a batch of records by which the filter decides. */
export type BatchOrigin = {
  baseOffset: number
  lastOffset: number
  producerId: number
  isTransactional: boolean
  /** A control batch is a marker that ends a transaction. */
  isControl: boolean
  isAbortMarker: boolean
}

/**
 * Tells records of aborted transactions from committed ones, for one partition of one answer, batch by batch in their
 * order. It follows Kafka's own consumer (CompletedFetch): a transaction begins to be aborted at its first offset, and
 * ends at the next abort marker of its producer. So one producer may have several aborted transactions in an answer,
 * committed ones between them, and a transaction whose marker is not in the answer.
 */
export class AbortedFilter {
  /** Not yet begun, in the order of their first offsets. */
  readonly #waiting: AbortedTransaction[]
  #next = 0
  readonly #aborting = new Set<number>()

  constructor(aborted: readonly AbortedTransaction[]) {
    this.#waiting = aborted.length < 2 ? [...aborted] : [...aborted].sort((a, b) => a.firstOffset - b.firstOffset)
  }

  /** Whether consumers get the batch's records. To be called once for each batch. */
  admits(batch: BatchOrigin): boolean {
    for (; ; this.#next++) {
      const begins = this.#waiting[this.#next]
      if (!begins || begins.firstOffset > batch.lastOffset) break
      this.#aborting.add(begins.producerId)
    }
    if (batch.isControl) {
      if (batch.isAbortMarker) this.#aborting.delete(batch.producerId)
      return false
    }
    return !(batch.isTransactional && this.#aborting.has(batch.producerId))
  }
}
