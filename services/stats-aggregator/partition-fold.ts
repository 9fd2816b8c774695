import { type CountedAttempt, fold, type StatsState } from './fold.ts'

/** What has to be in webhook-stats before the offset may be committed. */
export type Flush = { states: StatsState[]; nextOffset: number }

/** The statistics of one partition of webhook-attempts, during one assignment of it to this instance. */
export class PartitionFold {
  readonly #partition: number
  readonly #states = new Map<string, StatsState>()
  #unflushed = new Set<string>()
  #nextOffset = 0
  #committedOffset = 0

  /** @param stored the states that webhook-stats held after the assignment began. */
  constructor(partition: number, stored: Iterable<StatsState>) {
    this.#partition = partition
    for (const state of stored) this.#states.set(state.webhookId, state)
  }

  /** @returns whether it was counted: not when it had been counted before, nor when it is a test. */
  take(offset: number, attempt: CountedAttempt): boolean {
    this.passOver(offset)
    const before = this.#states.get(attempt.webhookId)
    const after = fold(before, attempt, { partition: this.#partition, offset })
    if (after === undefined || after === before) return false
    this.#states.set(attempt.webhookId, after)
    this.#unflushed.add(attempt.webhookId)
    return true
  }

  /** A record that counts nowhere is done with. */
  passOver(offset: number): void {
    this.#nextOffset = offset + 1
  }

  /**
   * What changed since the last call, and the offset up to which all of the partition is then in webhook-stats; what the
   * last call returned must have been acknowledged.
   * @param repair webhooks whose state is to be written again though it did not change.
   */
  takeFlush(repair: Iterable<string> = []): Flush {
    const ids = this.#unflushed.union(new Set(repair))
    this.#unflushed = new Set()
    const states = [...ids].map((id) => this.#states.get(id)).filter((state) => state !== undefined)
    return { states, nextOffset: this.#nextOffset }
  }

  /** Whether there is something to commit. */
  get uncommitted(): boolean {
    return this.#nextOffset > this.#committedOffset
  }

  committed(offset: number): void {
    this.#committedOffset = offset
  }
}
