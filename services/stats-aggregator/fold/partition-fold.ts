import type { FoldRules, FoldState } from './fold-rules.ts'

/**
 * States that must be in the state topic before the offset may be committed. They keep changing and may be ahead of the
 * offset by then.
 */
export type Flush<S> = { states: S[]; nextOffset: number }

/**
 * The states of one partition of the source topic, during one assignment of it to this instance. Changing states are in
 * memory; the others are loaded from the stored ones when a record of theirs arrives.
 */
export class PartitionFold<V, S extends FoldState> {
  readonly #partition: number
  readonly #rules: FoldRules<V, S>
  readonly #load: (webhookId: string) => S | undefined
  readonly #states = new Map<string, S>()
  #unflushed = new Set<string>()
  #nextOffset = 0
  #committedOffset = 0

  /** @param load the stored state of a webhook, as of the start of the assignment or later; it is changed in place. */
  constructor(partition: number, rules: FoldRules<V, S>, load: (webhookId: string) => S | undefined) {
    this.#partition = partition
    this.#rules = rules
    this.#load = load
  }

  /** Number of states in memory. */
  get size(): number {
    return this.#states.size
  }

  /**
   * @param recordedMs Kafka's timestamp of the record.
   * @returns whether the record was counted; false if it was counted before (after a restart, records are read again).
   */
  take(offset: number, value: V, recordedMs: number): boolean {
    this.passOver(offset)
    const webhookId = this.#rules.findWebhook(value)
    if (webhookId === null) return false
    let state = this.#state(webhookId)
    if (state && offset <= state.source.offset) return false
    const source = { partition: this.#partition, offset }
    if (!state) {
      state = this.#rules.begin(webhookId, value, source)
      this.#states.set(webhookId, state)
    }
    const isNew = this.#rules.add(state, value, recordedMs, source)
    state.source = source
    this.#unflushed.add(webhookId)
    return isNew
  }

  /** Skips a record that counts nowhere. */
  passOver(offset: number): void {
    this.#nextOffset = offset + 1
  }

  /**
   * Returns the states changed since the last call, and the offset up to which the whole partition is in the state
   * topic once they are. The result of the last call must have been acknowledged.
   * @param repair webhooks whose state must be written again although it did not change.
   */
  takeFlush(repair: Iterable<string> = []): Flush<S> {
    const ids = this.#unflushed.union(new Set(repair))
    this.#unflushed = new Set()
    const states = [...ids].map((id) => this.#state(id)).filter((state) => state !== undefined)
    return { states, nextOffset: this.#nextOffset }
  }

  /** Drops states that have not changed since the last flush. @param isStored whether load() would return the state. */
  forget(isStored: (state: S) => boolean): void {
    for (const [webhookId, state] of this.#states)
      if (!this.#unflushed.has(webhookId) && isStored(state)) this.#states.delete(webhookId)
  }

  /** Whether a flush's offset is beyond the last commit. Before the first record is taken it is 0, which is not committed. */
  isUncommitted(nextOffset: number): boolean {
    return nextOffset > this.#committedOffset
  }

  committed(offset: number): void {
    this.#committedOffset = offset
  }

  #state(webhookId: string): S | undefined {
    const held = this.#states.get(webhookId)
    if (held) return held
    const loaded = this.#load(webhookId)
    if (loaded) this.#states.set(webhookId, loaded)
    return loaded
  }
}
