import type { Decode, Decoded } from '../../platform/avro/codec.ts'
import type { Assignment, Commit, CommitResult, ConsumedRecord, RecordBatch } from '../../platform/kafka/consumer.ts'
import type { PartitionStart } from '../../platform/kafka/group/start-positions.ts'
import type { Patience } from '../../platform/kafka/patience.ts'
import { type RecordFaults, SetAside } from '../../platform/runtime/record-faults.ts'
import { WaitAbandoned } from '../../platform/runtime/retry-until.ts'
import type { StageMetrics } from '../metrics.ts'
import type { FoldRules, FoldState } from './fold-rules.ts'
import { PartitionFold } from './partition-fold.ts'

/** The state topic as a table. */
type Stored<S> = {
  /** The state to continue from; it belongs to the caller. */
  best(partition: number, webhookId: string): S | undefined
  /** Source offset of the state that best() returns. */
  sourceOffset(partition: number, webhookId: string): number | undefined
  /** Webhooks whose record must be written again because an earlier owner of the partition overwrote it. */
  outdated(partition: number): Iterable<string>
  /** Resolves once the table has everything in the topic at the time of the call. */
  caughtUp(): Promise<void>
}

export type FoldStageEdges<V, S extends FoldState> = {
  /** The topic that is folded. */
  topic: string
  decode: Decode<V>
  rules: FoldRules<V, S>
  stored: Stored<S>
  /**
   * Writes the state as of the time of the call. Resolves with its bytes once Kafka has it, in the partition number of
   * its source.
   */
  write: (state: S) => Promise<number>
  /** Writes a record's dead letter. Resolves once nothing can be lost by continuing. */
  deadLetter: (record: ConsumedRecord, reason: 'unreadable' | 'fault', detail: string) => Promise<unknown>
  faults: RecordFaults
  commit: (assignment: Assignment, commits: Commit[]) => Promise<CommitResult>
  metrics: StageMetrics<V>
  /** Waits for a schema, or for states that have not been read yet. */
  patience: Pick<Patience, 'wait'>
}

type Owned<V, S extends FoldState> = {
  assignment: Assignment
  folds: Map<number, PartitionFold<V, S>>
  /**
   * By partition: dead letters in flight with the offsets of their records, which are committed once the letters are in
   * Kafka.
   */
  letters: Map<number, Map<Promise<unknown>, number>>
  /** Error of a dead letter that could not be written. */
  failed: { error: unknown } | undefined
  caughtUp: Promise<void> | undefined
}

const steps = { decode: 'decoding', fold: 'counting' }
/** Maximum dead letters of a partition in flight. */
const lettersAtATime = 200

/** Maximum states of a partition written at a time; a thousand of them may be 30 MB. */
const writesAtATime = 32

/**
 * Folds records, and writes changed states before it commits. Every assignment starts from the stored states and the
 * commits, even for partitions that stayed here: another instance may have had them between two assignments. The next
 * owner of a partition folds again what was not flushed.
 */
export class FoldStage<V, S extends FoldState> {
  readonly #edges: FoldStageEdges<V, S>
  #owned: Owned<V, S> | undefined

  constructor(edges: FoldStageEdges<V, S>) {
    this.#edges = edges
  }

  assign(assignment: Assignment): void {
    this.#owned = { assignment, folds: new Map(), letters: new Map(), failed: undefined, caughtUp: undefined }
    this.#edges.metrics.forgetLag()
  }

  /** Sets the lag of a partition that begins to be read, until its first batch arrives. */
  starts({ offset, ...start }: PartitionStart): void {
    this.#edges.metrics.lag({ ...start, nextOffset: offset })
  }

  /** @returns how many records were taken: none when the partition is no longer assigned, and not those that have to wait. */
  async takeBatch(batch: RecordBatch): Promise<number> {
    const { assignment, topic, partition, records, highWatermark } = batch
    const { patience } = this.#edges
    const owned = this.#owned
    if (owned?.assignment !== assignment) return 0
    const fold = owned.folds.get(partition) ?? (await patience.wait(this.#load(owned, partition), batch))
    if (!fold || fold === 'not yet' || !assignment.current) return 0
    for (const [index, record] of records.entries()) {
      const decoding = this.#decode(record, records)
      const decoded = decoding instanceof Promise ? await patience.wait(decoding, batch) : decoding
      if (decoded === 'not yet' || !assignment.current) return index
      const taken = decoded instanceof SetAside || !decoded.ok ? decoded : this.#take(fold, record, decoded.value)
      if (taken !== 'taken') await this.#writeDeadLetter(owned, fold, record, taken)
    }
    const last = records.at(-1)
    if (last) this.#edges.metrics.lag({ topic, partition, highWatermark, nextOffset: last.offset + 1 })
    return records.length
  }

  /**
   * Writes and commits the changes of every partition of the assignment; must not run concurrently. @returns bytes
   * written.
   */
  async flush(): Promise<number> {
    const owned = this.#owned
    const partitions = owned?.assignment.partitions.get(this.#edges.topic) ?? []
    const written = owned ? partitions.map((partition) => this.#flushPartition(owned, partition)) : []
    return sum(await Promise.all(written))
  }

  async #flushPartition(owned: Owned<V, S>, partition: number): Promise<number> {
    const { stored, metrics } = this.#edges
    // Includes partitions without new records, whose states may need repair.
    const fold = owned.folds.get(partition) ?? (await this.#load(owned, partition))
    if (!fold) return 0
    const outdated = [...stored.outdated(partition)]
    if (owned.failed) throw owned.failed.error
    const { states, nextOffset } = fold.takeFlush(outdated)
    const finished = Math.min(nextOffset, ...(owned.letters.get(partition)?.values() ?? []))
    const bytes = await this.#write(states)
    if (fold.isUncommitted(finished)) await this.#commit(owned.assignment, partition, fold, finished)
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
    const commits = [{ topic: this.#edges.topic, partition, offset }]
    // After a failure the next flush commits at least as far. Until then records may only be read again, and are skipped.
    if ((await this.#edges.commit(assignment, commits)) === 'committed') fold.committed(offset)
  }

  /**
   * Creates a partition's fold. The states must be read after the assignment: everything that its commits rely on was
   * written before (stored-states.ts).
   */
  async #load(owned: Owned<V, S>, partition: number): Promise<PartitionFold<V, S> | undefined> {
    const { stored, rules } = this.#edges
    owned.caughtUp ??= stored.caughtUp()
    try {
      await owned.caughtUp
    } catch (error) {
      if (error instanceof WaitAbandoned) return undefined
      throw error
    }
    // A batch and a flush may both have waited for it.
    const load = (webhookId: string) => stored.best(partition, webhookId)
    const fold = owned.folds.get(partition) ?? new PartitionFold(partition, rules, load)
    owned.folds.set(partition, fold)
    return fold
  }

  #decode(record: ConsumedRecord, ahead: ConsumedRecord[]): Read<V> | Promise<Read<V>> {
    const { value } = record
    if (value === null) return { ok: false, reason: 'no value' }
    return this.#edges.faults.guard(record, steps.decode, readOwner(record), () => this.#edges.decode(value, ahead))
  }

  /** Folds a record, once: a state is changed in place, and a second try might count a part of the record again. */
  #take(fold: PartitionFold<V, S>, record: ConsumedRecord, value: V): 'taken' | SetAside {
    const { faults, metrics } = this.#edges
    try {
      if (fold.take(record.offset, value, record.timestampMs)) metrics.counted(value)
      return 'taken'
    } catch (error) {
      return faults.setAside({ position: record, step: steps.fold, owner: readOwner(record)(), error })
    }
  }

  /** Skips a record. Its dead letter is in Kafka before a later offset is committed. */
  async #writeDeadLetter(
    owned: Owned<V, S>,
    fold: PartitionFold<V, S>,
    record: ConsumedRecord,
    why: { ok: false; reason: string } | SetAside,
  ): Promise<void> {
    const { deadLetter, metrics } = this.#edges
    const letters = owned.letters.get(record.partition) ?? new Map<Promise<unknown>, number>()
    owned.letters.set(record.partition, letters)
    const written =
      why instanceof SetAside
        ? why.detail.then((detail) => deadLetter(record, 'fault', detail))
        : deadLetter(record, 'unreadable', why.reason)
    letters.set(written, record.offset)
    written.then(
      () => letters.delete(written),
      // The next flush throws it, which ends the process.
      (error: unknown) => {
        owned.failed ??= { error }
      },
    )
    if (!(why instanceof SetAside)) metrics.unreadable()
    fold.passOver(record.offset)
    if (letters.size >= lettersAtATime) await Promise.all(letters.keys())
  }
}

type Read<V> = Decoded<V> | SetAside

function readOwner({ key }: ConsumedRecord): () => string {
  return () => String(key)
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, each) => total + each, 0)
}
