import type { Decode } from '../platform/codec.ts'
import type { Assignment, Commit, ConsumedRecord, RecordBatch } from '../platform/kafka/consumer.ts'
import type { FoldRules, State } from './fold.ts'
import type { StageMetrics } from './metrics.ts'
import { PartitionFold } from './partition-fold.ts'

/** The topic that the states are kept in, as a table. */
export type Stored<S> = {
  /** The state to go on from, the caller's own. */
  best(partition: number, webhookId: string): S | undefined
  /** Source offset of what best() gives. */
  sourceOffset(partition: number, webhookId: string): number | undefined
  /** Webhooks whose record is to be written again: an earlier owner of the partition wrote over it. */
  outdated(partition: number): Iterable<string>
  /** Resolves when the table holds everything that the topic holds at the time of the call. */
  caughtUp(): Promise<void>
}

export type StageEdges<V, S extends State> = {
  /** The topic that is folded. */
  topic: string
  decode: Decode<V>
  rules: FoldRules<V, S>
  stored: Stored<S>
  /** Takes the state as it is at the time of the call. Resolves with its bytes when Kafka has it, in its source's partition number. */
  write: (state: S) => Promise<number>
  /** Resolves when nothing is lost by going on. */
  unreadable: (record: ConsumedRecord, reason: string) => Promise<unknown>
  /** @returns false when the assignment is no longer the current one. @throws when Kafka did not take it. */
  commit: (assignment: Assignment, commits: Commit[]) => Promise<boolean>
  commitFailed: (error: unknown) => void
  metrics: StageMetrics<V>
  stopping: AbortSignal
}

type Owned<V, S extends State> = {
  assignment: Assignment
  folds: Map<number, PartitionFold<V, S>>
  caughtUp: Promise<void> | undefined
}

/** States of a partition are written so many at a time: a thousand of them may be 30 MB. */
const writesAtATime = 32

/**
 * Folds records, and writes what changed before it commits. Every assignment starts from the stored states and from the
 * commits, also for partitions that stayed here: between two assignments another instance may have had them. What was
 * folded and not flushed when partitions go is folded again by their next owner.
 */
export class FoldStage<V, S extends State> {
  readonly #edges: StageEdges<V, S>
  #owned: Owned<V, S> | undefined

  constructor(edges: StageEdges<V, S>) {
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
        if (fold.take(record.offset, decoded.value)) this.#edges.metrics.counted(decoded.value)
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

  /** Writes and commits the changes of every partition of the assignment; one call at a time. @returns bytes written */
  async flush(): Promise<number> {
    const owned = this.#owned
    const partitions = owned?.assignment.partitions.get(this.#edges.topic) ?? []
    const written = owned ? partitions.map((partition) => this.#flushPartition(owned, partition)) : []
    return sum(await Promise.all(written))
  }

  async #flushPartition(owned: Owned<V, S>, partition: number): Promise<number> {
    const { stored, metrics } = this.#edges
    // Partitions without new records too: their states may be in need of repair.
    const fold = owned.folds.get(partition) ?? (await this.#load(owned, partition))
    if (!fold) return 0
    const outdated = [...stored.outdated(partition)]
    const { states, nextOffset } = fold.takeFlush(outdated)
    const bytes = await this.#write(states)
    if (fold.isUncommitted(nextOffset)) await this.#commit(owned.assignment, partition, fold, nextOffset)
    if (states.length > 0) metrics.flushed(states.length, outdated.length)
    fold.forget(({ webhookId, source }) => source.offset <= (stored.sourceOffset(partition, webhookId) ?? -1))
    return bytes
  }

  async #write(states: S[]): Promise<number> {
    let bytes = 0
    for (let from = 0; from < states.length; from += writesAtATime) {
      bytes += sum(await Promise.all(states.slice(from, from + writesAtATime).map(this.#edges.write)))
    }
    return bytes
  }

  async #commit(assignment: Assignment, partition: number, fold: PartitionFold<V, S>, offset: number): Promise<void> {
    try {
      const commits = [{ topic: this.#edges.topic, partition, offset }]
      if (await this.#edges.commit(assignment, commits)) fold.committed(offset)
    } catch (error) {
      // The next flush commits at least as far; until then records may only come again, and are passed over.
      this.#edges.commitFailed(error)
    }
  }

  /** The look at the states must come after the assignment: what its commits rely on was written before (stored-states.ts). */
  async #load(owned: Owned<V, S>, partition: number): Promise<PartitionFold<V, S> | undefined> {
    const { stored, rules, stopping } = this.#edges
    owned.caughtUp ??= stored.caughtUp()
    try {
      await owned.caughtUp
    } catch (error) {
      if (stopping.aborted) return undefined
      throw error
    }
    // A batch and a flush may both have waited.
    const load = (webhookId: string) => stored.best(partition, webhookId)
    const fold = owned.folds.get(partition) ?? new PartitionFold(partition, rules, load)
    owned.folds.set(partition, fold)
    return fold
  }

  #decode(record: ConsumedRecord): ReturnType<Decode<V>> {
    return record.value === null ? { ok: false, reason: 'no value' } : this.#edges.decode(record.value)
  }
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, each) => total + each, 0)
}
