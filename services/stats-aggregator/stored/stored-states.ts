/**
 * A state topic (webhook-stats, webhook-dead-letter-counts) as a table that two owners of a partition may write to at
 * once. An instance that was suspended for longer than its session, or whose last produce request was still in flight,
 * can add a record after its partition has moved to another instance. Nothing fences it (decision 1: no transactions).
 * No count is lost or doubled by it, for these reasons:
 *
 * 1. The fold is deterministic: a state with source offset n is the fold of the webhook's records up to n, whoever
 * wrote
 * it. Of several states, the one with the highest source offset is therefore correct and the newest, wherever it is in
 * the log. That one is `best`.
 * 2. Offset c is committed only after each webhook's state before c is in its topic. So starting from `best` and c
 * misses
 * nothing, and skipping what `best` reflects doubles nothing. That holds for a late commit too.
 * 3. A late record with a lower source offset is behind the better one, where readers and compaction would prefer it.
 * The
 * owner reads the topic, finds such webhooks here (`outdated`), and writes their state again with its next flush. An
 * owner that starts later finds them too, because the topic's min.compaction.lag.ms keeps the better record.
 */
export class StoredStates<T> {
  readonly #partitions = new Map<number, Map<string, Held<T>>>()

  /** Applies one record of the topic. @param state null for a tombstone. */
  apply(partition: number, webhookId: string, offset: number, state: StoredState<T> | null): void {
    const webhooks = this.#partitions.get(partition) ?? new Map<string, Held<T>>()
    this.#partitions.set(partition, webhooks)
    webhooks.set(webhookId, hold(webhooks.get(webhookId), { offset, state }))
  }

  /** The state to continue from. */
  best(partition: number, webhookId: string): StoredState<T> | undefined {
    return this.#partitions.get(partition)?.get(webhookId)?.best.state ?? undefined
  }

  /** Webhooks whose last record in the log is not their best one. */
  *outdated(partition: number): Iterable<string> {
    for (const [id, { best, last }] of this.#partitions.get(partition) ?? []) if (best !== last) yield id
  }
}

/** A stored state; usually kept as bytes, because most are never needed. */
export type StoredState<T> = { sourceOffset: number; stored: T }

type StoredRecord<T> = {
  /** Offset in the topic of states. */
  offset: number
  state: StoredState<T> | null
}

type Held<T> = { best: StoredRecord<T>; last: StoredRecord<T> }

function hold<T>(held: Held<T> | undefined, record: StoredRecord<T>): Held<T> {
  if (!held) return { best: record, last: record }
  return {
    best: better(held.best, record),
    last: record.offset > held.last.offset ? record : held.last,
  }
}

/** The better of two records: of equal states the later one, and a tombstone wins over everything before it. */
function better<T>(a: StoredRecord<T>, b: StoredRecord<T>): StoredRecord<T> {
  const later = b.offset > a.offset ? b : a
  if (!a.state || !b.state || a.state.sourceOffset === b.state.sourceOffset) return later
  return a.state.sourceOffset > b.state.sourceOffset ? a : b
}
