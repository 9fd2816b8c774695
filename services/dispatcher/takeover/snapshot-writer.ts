import type { WebhookSnapshot } from '../../domain/delivery/webhook-snapshot.ts'
import type { Encode } from '../../platform/avro/codec.ts'
import { type Acknowledged, type OutgoingRecord, RecordRefused } from '../../platform/kafka/produce/producer.ts'
import type { RangeReader } from '../../platform/kafka/readers/range-reader.ts'
import type { Logger } from '../../platform/runtime/log.ts'
import type { PartitionState } from '../engine/offsets/partition-state.ts'
import type { Written } from '../engine/ports.ts'
import { createSnapshot } from '../engine/restored-partition.ts'
import { type AnswersContext, readAnswered } from './answers.ts'
import { AttemptProgress } from './attempt-progress.ts'
import { epochHeaders, readEpoch } from './snapshot-log.ts'
import type { TakenOver } from './takeover.ts'
import { type SnapshotOffsets, type Snapshotted, textOf, webhooksOf } from './webhook-snapshots.ts'

export type SnapshotContext = AnswersContext & {
  topic: string
  encode: Encode<WebhookSnapshot>
  send: (record: OutgoingRecord) => Promise<Acknowledged>
  reader: Pick<RangeReader, 'read' | 'ends'>
  nowMs: () => number
  log: Pick<Logger, 'warn'>
}

/** Ownership of one partition number, from its takeover until it leaves; later results belong to another owner. */
export type Ownership = {
  readonly partition: number
  readonly epoch: number
  readonly attempts: AttemptProgress
  /** Attempts before this offset are known, and the commits show what they answer for. */
  committedAttempts: number
  /** Offset after the last record of webhook-parked that Kafka has acknowledged. */
  parkedOffset: number
  /** Last written text by key; empty where it must be written again. */
  written: Map<string, string>
  /** Offset up to which webhook-health has no record of another owner that is not corrected. */
  checkedOffset: number
}

/**
 * Keeps webhook-health: the state of a partition number that a successor needs, and how far it reflects
 * webhook-attempts and webhook-parked. Attempts count as reflected only once the offsets that they finish are
 * committed: the later ones tell the successor which deliveries are answered for. Attempts that a former owner writes
 * after the takeover are read for that purpose (readGaps). Nothing is written about a number that this instance does
 * not own.
 */
export class SnapshotWriter {
  readonly #context: SnapshotContext
  readonly #owned = new Map<number, Ownership>()

  constructor(context: SnapshotContext) {
    this.#context = context
  }

  /**
   * Begins an ownership.
   * @param webhookIds webhooks with a possible snapshot of the former owner: without anything left to say it is
   * deleted.
   */
  takenOver(
    partition: number,
    { attemptsFrom, attemptsEnd, parkedEnd, epoch, healthOffset }: Omit<TakenOver, 'restored'>,
    webhookIds: Iterable<string>,
  ): void {
    this.#owned.set(partition, {
      partition,
      epoch,
      attempts: new AttemptProgress(attemptsEnd),
      committedAttempts: attemptsFrom,
      parkedOffset: parkedEnd,
      written: new Map([...webhookIds].map((webhookId) => [webhookId, ''])),
      checkedOffset: healthOffset,
    })
  }

  /** Forgets the partition numbers that have left: their new owners write about them. */
  keepOnly(numbers: ReadonlySet<number>): void {
    for (const number of [...this.#owned.keys()]) if (!numbers.has(number)) this.#owned.delete(number)
  }

  /**
   * Whether a snapshot would write anything. Everything is compared, because a breaker, a pause and a parked range also
   * change without a record or a commit of this process.
   */
  isDue({ partitions, gates }: Snapshotted): boolean {
    for (const state of partitions) {
      const ownership = this.#owned.get(state.number)
      if (ownership && this.#differs(state, ownership, gates)) return true
    }
    return false
  }

  /** Current ownership, read when a record is written and passed to `acknowledged` when Kafka has it. */
  ownership(partition: number): Ownership | undefined {
    return this.#owned.get(partition)
  }

  acknowledged(ownership: Ownership | undefined, { attemptOffsets, parkedOffset }: Written): void {
    if (!ownership || !this.#isCurrent(ownership)) return
    for (const offset of attemptOffsets) ownership.attempts.wrote(offset)
    if (parkedOffset !== null) ownership.parkedOffset = Math.max(ownership.parkedOffset, parkedOffset + 1)
  }

  /**
   * Called before the offsets of a commit are gathered.
   * @returns a function to call when the commit has succeeded.
   */
  beforeCommit({ partitions }: Pick<Snapshotted, 'partitions'>): () => void {
    const reached: [Ownership, number][] = []
    for (const state of partitions) {
      const ownership = this.#owned.get(state.number)
      if (!ownership) continue
      const attemptsOffset = ownership.attempts.reach(state.unreadJoined)
      if (state.settleAwaited()) reached.push([ownership, attemptsOffset])
    }
    return () => {
      for (const [ownership, attemptsOffset] of reached) {
        if (attemptsOffset <= ownership.committedAttempts) continue
        ownership.committedAttempts = attemptsOffset
      }
    }
  }

  /** Reads the attempts that others have written between those of this owner. */
  async readGaps({ partitions }: Pick<Snapshotted, 'partitions'>): Promise<void> {
    await Promise.all([...partitions].map((state) => this.#readGap(state)))
  }

  async #readGap(state: PartitionState): Promise<void> {
    const ownership = this.#owned.get(state.number)
    const gap = ownership?.attempts.gap
    if (!ownership || !gap) return
    state.answeredElsewhere(await readAnswered(state.number, gap, this.#context))
    ownership.attempts.readTo(gap.to)
  }

  /** Writes the changed snapshots; resolves when Kafka has them. */
  async write({ partitions, gates }: Snapshotted): Promise<void> {
    const writes: Promise<unknown>[] = []
    for (const state of partitions) {
      const ownership = this.#owned.get(state.number)
      if (ownership) writes.push(...this.#writePartition(state, ownership, gates))
    }
    await Promise.all(writes)
  }

  /**
   * Finds records that an owner that was cut off wrote about a partition number after its takeover, and marks their
   * keys to be written again: compaction keeps the last record of a key, whichever owner wrote it.
   */
  async repair(): Promise<void> {
    const { reader, topic } = this.#context
    const owned = [...this.#owned.values()]
    if (owned.length === 0) return
    const ends = new Map((await reader.ends(topic)).map(({ partition, high }) => [partition, high]))
    await Promise.all(owned.map((ownership) => this.#repairPartition(ownership, ends.get(ownership.partition) ?? 0)))
  }

  async #repairPartition(ownership: Ownership, end: number): Promise<void> {
    const { reader, topic } = this.#context
    const { partition, epoch, checkedOffset } = ownership
    if (end <= checkedOffset) return
    await reader.read(topic, partition, checkedOffset, end, ({ key, headers }) => {
      if (!key || readEpoch(headers) === epoch) return
      ownership.written.set(key.toString('utf8'), '')
    })
    ownership.checkedOffset = end
  }

  #isCurrent(ownership: Ownership): boolean {
    return this.#owned.get(ownership.partition) === ownership
  }

  #differs(state: PartitionState, ownership: Ownership, gates: Snapshotted['gates']): boolean {
    const { written } = ownership
    const offsets = this.#offsetsOf(ownership)
    // First, because it is what changes under load.
    if (written.get(partitionKey(state.number)) !== JSON.stringify(offsets)) return true
    let count = 1
    for (const [webhookId, record] of webhooksOf(state, gates, offsets, 0)) {
      if (written.get(webhookId) !== textOf(record)) return true
      count++
    }
    return written.size !== count
  }

  #writePartition(state: PartitionState, ownership: Ownership, gates: Snapshotted['gates']): Promise<unknown>[] {
    const { written: before } = ownership
    const offsets = this.#offsetsOf(ownership)
    const ownKey = partitionKey(state.number)
    const nowMs = this.#context.nowMs()
    const now = new Map<string, string>()
    const writes: Promise<unknown>[] = []
    const put = (key: string, text: string, record: WebhookSnapshot) => {
      now.set(key, text)
      if (before.get(key) !== text) writes.push(this.#send(ownership, key, record))
    }
    for (const [webhookId, record] of webhooksOf(state, gates, offsets, nowMs)) put(webhookId, textOf(record), record)
    for (const key of before.keys()) if (!now.has(key) && key !== ownKey) writes.push(this.#send(ownership, key, null))
    // Last: it says that the others are as of these offsets.
    put(ownKey, JSON.stringify(offsets), createSnapshot(null, null, state.number, undefined, null, offsets, nowMs))
    ownership.written = now
    return writes
  }

  #offsetsOf({ parkedOffset, committedAttempts }: Ownership): SnapshotOffsets {
    return { attemptsOffset: committedAttempts, parkedOffset, ...this.#context.logIds }
  }

  /**
   * Writes a snapshot. If Kafka refuses it, writes it without its failures; if that fails too, the former one remains.
   */
  async #send(ownership: Ownership, key: string, record: WebhookSnapshot | null): Promise<void> {
    const { topic, encode, send, log } = this.#context
    const { partition, epoch } = ownership
    const { breaker } = record ?? {}
    const smaller = record && breaker && { ...record, breaker: { ...breaker, failures: [] } }
    for (const version of smaller ? [record, smaller] : [record]) {
      try {
        await send({ topic, key, partition, value: version && encode(version), headers: epochHeaders(epoch) })
        return
      } catch (error) {
        if (!(error instanceof RecordRefused)) throw error
        log.warn({ topic, key, reason: error.message }, 'Kafka refused a snapshot')
        if (!this.#isCurrent(ownership)) return
      }
    }
    // Written with the next snapshot.
    ownership.written.set(key, '')
  }
}

function partitionKey(number: number): string {
  return `partition-${number}`
}
