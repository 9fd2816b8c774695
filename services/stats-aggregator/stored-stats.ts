import type { StatsState } from './fold.ts'

/**
 * webhook-stats as a table that two owners of a partition may write to at once. An instance that was stopped for longer
 * than its session, or whose last produce request was still on its way, can add a record after its partition has gone to
 * another instance. Nothing fences it (design.md: no transactions), so this is why no count is lost or doubled by it:
 *
 * 1. The fold is deterministic: whoever wrote a state with source offset n, it is the fold of the webhook's attempts up
 *    to n. Of several states the one with the highest source offset is therefore right and the newest, wherever in the
 *    log it stands. That one is `best`.
 * 2. A commit of offset c is made only after each webhook's state before c is in webhook-stats, so starting from `best`
 *    and c misses nothing, and passing over what `best` reflects doubles nothing. That holds for a late commit as well.
 * 3. A late record with a lower source offset stands after the better one, where readers and compaction would prefer it.
 *    The owner follows webhook-stats, finds such webhooks here (`outdated`), and writes their state again with its next
 *    flush; an owner that starts later finds them too, as the topic's min.compaction.lag.ms keeps the better record.
 */
export class StoredStats {
  readonly #partitions = new Map<number, Map<string, Held>>()

  /** Takes in one record of webhook-stats. @param state null for a tombstone. */
  apply(partition: number, webhookId: string, offset: number, state: StatsState | null): void {
    const webhooks = this.#partitions.get(partition) ?? new Map<string, Held>()
    this.#partitions.set(partition, webhooks)
    webhooks.set(webhookId, hold(webhooks.get(webhookId), { offset, state }))
  }

  /** The states to go on from. */
  *states(partition: number): Iterable<StatsState> {
    for (const { best } of this.#partitions.get(partition)?.values() ?? []) if (best.state) yield best.state
  }

  /** Webhooks whose last record in the log is not their best one. */
  *outdated(partition: number): Iterable<string> {
    for (const [id, { best, last }] of this.#partitions.get(partition) ?? []) if (best !== last) yield id
  }
}

type StoredRecord = {
  /** In webhook-stats. */
  offset: number
  state: StatsState | null
}

type Held = { best: StoredRecord; last: StoredRecord }

function hold(held: Held | undefined, record: StoredRecord): Held {
  if (!held) return { best: record, last: record }
  return {
    best: better(held.best, record),
    last: record.offset > held.last.offset ? record : held.last,
  }
}

/** Of equal states the one that stands last, and a tombstone beats what stands before it. */
function better(a: StoredRecord, b: StoredRecord): StoredRecord {
  const later = b.offset > a.offset ? b : a
  if (!a.state || !b.state || a.state.source.offset === b.state.source.offset) return later
  return a.state.source.offset > b.state.source.offset ? a : b
}
