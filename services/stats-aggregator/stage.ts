import type { Attempt } from '../domain/delivery.ts'
import type { Decode } from '../platform/codec.ts'
import type { Assignment, Commit, ConsumedRecord, RecordBatch } from '../platform/kafka/consumer.ts'
import type { StatsState } from './fold.ts'
import type { StatsMetrics } from './metrics.ts'
import { PartitionFold } from './partition-fold.ts'
import type { StoredStats } from './stored-stats.ts'

export type StageEdges = {
  /** webhook-attempts. */
  topic: string
  decode: Decode<Attempt>
  stored: StoredStats
  /** Resolves when `stored` holds everything that webhook-stats holds at the time of the call. */
  storedCaughtUp: () => Promise<void>
  /** Resolves when Kafka has the state, in the partition number of its source. */
  write: (state: StatsState) => Promise<unknown>
  /** Resolves when Kafka has the dead letter. */
  unreadable: (record: ConsumedRecord, reason: string) => Promise<unknown>
  /** @returns false when the assignment is no longer the current one. @throws when Kafka did not take it. */
  commit: (assignment: Assignment, commits: Commit[]) => Promise<boolean>
  commitFailed: (error: unknown) => void
  metrics: StatsMetrics
  stopping: AbortSignal
}

type Owned = { assignment: Assignment; folds: Map<number, PartitionFold>; caughtUp: Promise<void> | undefined }

/**
 * Folds attempts, and writes what changed before it commits. Every assignment starts from webhook-stats and from the
 * commits, also for partitions that stayed here: between two assignments another instance may have had them. What was
 * folded and not flushed when partitions go is folded again by their next owner.
 */
export class StatsStage {
  readonly #edges: StageEdges
  #owned: Owned | undefined

  constructor(edges: StageEdges) {
    this.#edges = edges
  }

  assign(assignment: Assignment): void {
    this.#owned = { assignment, folds: new Map(), caughtUp: undefined }
    this.#edges.metrics.forgetLag()
  }

  /** @returns how many records were taken: all, or none when the partition is no longer ours. */
  async takeBatch({ assignment, partition, records, highWatermark }: RecordBatch): Promise<number> {
    const owned = this.#owned
    if (owned?.assignment !== assignment) return 0
    const fold = owned.folds.get(partition) ?? (await this.#load(owned, partition))
    if (!fold || !assignment.current) return 0
    for (const record of records) {
      const decoding = this.#decode(record)
      const decoded = decoding instanceof Promise ? await decoding : decoding
      if (decoded.ok) {
        if (fold.take(record.offset, decoded.value)) this.#edges.metrics.counted(decoded.value.outcome)
      } else {
        await this.#edges.unreadable(record, decoded.reason)
        this.#edges.metrics.unreadable()
        fold.passOver(record.offset)
      }
    }
    const last = records.at(-1)
    if (last) this.#edges.metrics.lag(partition, highWatermark - last.offset - 1)
    return records.length
  }

  /** Writes and commits the changes of every partition of the assignment; one call at a time. */
  async flush(): Promise<void> {
    const owned = this.#owned
    const partitions = owned?.assignment.partitions.get(this.#edges.topic) ?? []
    if (owned) await Promise.all(partitions.map((partition) => this.#flushPartition(owned, partition)))
  }

  async #flushPartition(owned: Owned, partition: number): Promise<void> {
    const { stored, metrics } = this.#edges
    // Partitions without new attempts too: their statistics may be in need of repair.
    const fold = owned.folds.get(partition) ?? (await this.#load(owned, partition))
    if (!fold) return
    const outdated = [...stored.outdated(partition)]
    const { states, nextOffset } = fold.takeFlush(outdated)
    await Promise.all(states.map(this.#edges.write))
    if (fold.uncommitted) await this.#commit(owned.assignment, partition, fold, nextOffset)
    if (states.length > 0) metrics.flushed(states.length, outdated.length)
  }

  async #commit(assignment: Assignment, partition: number, fold: PartitionFold, offset: number): Promise<void> {
    try {
      const commits = [{ topic: this.#edges.topic, partition, offset }]
      if (await this.#edges.commit(assignment, commits)) fold.committed(offset)
    } catch (error) {
      // The next flush commits at least as far; until then records may only come again, and are passed over.
      this.#edges.commitFailed(error)
    }
  }

  /** The look at webhook-stats must come after the assignment: what its commits rely on was written before (stored-stats.ts). */
  async #load(owned: Owned, partition: number): Promise<PartitionFold | undefined> {
    owned.caughtUp ??= this.#edges.storedCaughtUp()
    try {
      await owned.caughtUp
    } catch (error) {
      if (this.#edges.stopping.aborted) return undefined
      throw error
    }
    // A batch and a flush may both have waited.
    const fold = owned.folds.get(partition) ?? new PartitionFold(partition, this.#edges.stored.states(partition))
    owned.folds.set(partition, fold)
    return fold
  }

  #decode(record: ConsumedRecord): ReturnType<Decode<Attempt>> {
    return record.value === null ? { ok: false, reason: 'no value' } : this.#edges.decode(record.value)
  }
}
