import { randomUUID } from 'node:crypto'
import type { Admin, Kafka } from 'kafkajs'
import { retryUntilDone, type WaitContext } from '../../runtime/retry-until.ts'
import type { GroupMembership } from '../access/kafka-access.ts'
import { type Assignment, type ConsumedRecord, GroupConsumer, type RecordBatch } from '../consumer.ts'
import { deleteOwnGroup } from './own-group.ts'

export type RangeReaderOptions = {
  topics: string[]
  /** Prefix of the consumer group ids; every reader is alone in its own group. */
  groupPrefix: string
  sessionTimeoutMs: number
  /** Topic ids of logs that are already known; any other id ends the process. */
  logIds?: ReadonlyMap<string, string>
  /** Called for a fault that waiting does not fix; must end the process. */
  fail: (error: unknown) => void
}

/**
 * Offset of a partition's first record (low), and the one after its last record outside of an open transaction (high).
 */
export type PartitionEnds = { partition: number; low: number; high: number }

/** @returns false to end the read here. */
type OnRecord = (record: ConsumedRecord) => unknown

type Reading = {
  topic: string
  partition: number
  /** All records below it have been passed on, or do not exist. */
  position: number
  toOffset: number
  onRecord: OnRecord
  done: PromiseWithResolvers<void>
}

/** Bounds how late a read begins while others get nothing. */
const maxWaitMs = 1_000
/** Maximum bytes per partition in a fetch. Records beyond the end of a read are fetched for nothing. */
const maxBytesPerPartition = 262_144
/** How often a read that gets nothing checks whether its records were deleted meanwhile. */
const deletedCheckMs = 2_000

/** Reads given ranges of offsets with one consumer, which is paused in between. */
export class RangeReader implements AsyncDisposable {
  readonly #groupId: string
  readonly #admin: Admin
  readonly #context: WaitContext
  readonly #closed = new AbortController()
  readonly #readings = new Map<string, Reading>()
  /** The latest read requested of each partition; the next one waits for it. */
  readonly #latest = new Map<string, Promise<void>>()
  #consumer: GroupConsumer | undefined

  private constructor(groupId: string, admin: Admin, context: WaitContext) {
    this.#groupId = groupId
    this.#admin = admin
    this.#context = context
  }

  /** Joins its group, waiting until Kafka can be reached. */
  static async open(kafka: Kafka, options: RangeReaderOptions, context: WaitContext): Promise<RangeReader> {
    const { topics, groupPrefix, sessionTimeoutMs, logIds = new Map(), fail } = options
    const admin = kafka.admin({ retry: { retries: 3 } })
    await retryUntilDone('kafka range reader', context, () => admin.connect())
    const groupId = `${groupPrefix}-${randomUUID()}`
    const reader = new RangeReader(groupId, admin, context)
    const opening = GroupConsumer.open(
      kafka,
      {
        groupId,
        topics,
        sessionTimeoutMs,
        logIds,
        maxWaitMs,
        maxBytesPerPartition,
        fail,
        onAssigned: (assignment, consumer) => reader.#applyPositions(assignment, consumer),
        onBatch: (batch) => reader.#take(batch),
        onPassed: ({ topic, partition, nextOffset }) => reader.#advance(toPartitionId(topic, partition), nextOffset),
      },
      context,
    )
    try {
      reader.#consumer = await opening
      return reader
    } catch (error) {
      await admin.disconnect()
      throw error
    }
  }

  /**
   * Calls onRecord with every record of fromOffset <= offset < toOffset in the partition, in order, each once. Begins
   * at the log's start if fromOffset is below it; ends at the log's end at the time of the call if toOffset is beyond
   * it. Reads of several partitions run concurrently, those of one partition one after another.
   * @param isThere whether the caller knows that the log reaches toOffset. Then Kafka is not asked, which would take
   * longer than a short read.
   * @throws errors of onRecord, which end the read; an error when the reader is closed.
   */
  read(
    topic: string,
    partition: number,
    fromOffset: number,
    toOffset: number,
    onRecord: OnRecord,
    { isThere = false } = {},
  ): Promise<void> {
    const place = toPartitionId(topic, partition)
    const range = { topic, partition, position: fromOffset, toOffset, onRecord }
    const reading = this.#readAfter(this.#latest.get(place), range, isThere)
    this.#latest.set(place, reading)
    return reading
  }

  /** Ends by partition number. @throws an error when the reader is closed while Kafka cannot be reached. */
  async ends(topic: string): Promise<PartitionEnds[]> {
    const ends = await this.#ask(topic, () => this.#admin.fetchTopicOffsets(topic))
    return ends
      .map(({ partition, low, high }) => ({ partition, low: Number(low), high: Number(high) }))
      .sort((a, b) => a.partition - b.partition)
  }

  /**
   * Partition -> offset of its first record that is not older than the time (milliseconds since the epoch); if there is
   * none, the offset that its next record will get. Records' times need not ascend: older ones may follow.
   */
  async offsetsAt(topic: string, timestampMs: number): Promise<Map<number, number>> {
    // Kafka's -1 for "none" is never returned, because kafkajs replaces it with the end. In requests, -1 and -2 mean
    // the ends.
    const atMs = Math.max(0, Math.floor(timestampMs))
    const offsets = await this.#ask(topic, () => this.#admin.fetchTopicOffsetsByTimestamp(topic, atMs))
    return new Map(offsets.map(({ partition, offset }) => [partition, Number(offset)]))
  }

  /** Rejects reads that have not finished. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed.abort()
    for (const { done } of this.#readings.values()) done.reject(closedError())
    this.#readings.clear()
    await this.#consumer?.[Symbol.asyncDispose]()
    await deleteOwnGroup(this.#admin, this.#groupId, this.#context.log)
    await this.#admin.disconnect()
  }

  async #readAfter(previous: Promise<void> | undefined, range: Omit<Reading, 'done'>, isThere: boolean): Promise<void> {
    await Promise.allSettled([previous])
    const { topic, partition } = range
    const { low, high } = isThere ? { low: range.position, high: range.toOffset } : await this.#endsOf(topic, partition)
    if (this.#closed.signal.aborted) throw closedError()
    const position = Math.max(range.position, low)
    const toOffset = Math.min(range.toOffset, high)
    if (position >= toOffset) return
    const reading = { ...range, position, toOffset, done: Promise.withResolvers<void>() }
    this.#readings.set(toPartitionId(topic, partition), reading)
    this.#consumer?.seek(topic, partition, position)
    this.#consumer?.resume(topic, partition)
    const watching = new AbortController()
    await Promise.all([
      reading.done.promise.finally(() => watching.abort()),
      this.#watchDeletion(reading, watching.signal),
    ])
  }

  /** Ends a read whose records are deleted by retention while it waits; possibly none follow them. */
  async #watchDeletion(reading: Reading, over: AbortSignal): Promise<void> {
    const { topic, partition } = reading
    for (let seen = reading.position; !over.aborted; seen = reading.position) {
      await this.#context.clock.sleep(deletedCheckMs, over)
      if (over.aborted || reading.position > seen) continue
      const { low } = await this.#endsOf(topic, partition)
      if (!over.aborted) this.#advance(toPartitionId(topic, partition), low)
    }
  }

  async #endsOf(topic: string, partition: number): Promise<PartitionEnds> {
    const ends = (await this.ends(topic)).find((end) => end.partition === partition)
    if (!ends) throw new Error(`${topic} has no partition ${partition}`)
    return ends
  }

  #ask<T>(topic: string, question: () => Promise<T>): Promise<T> {
    const stopping = AbortSignal.any([this.#closed.signal, ...(this.#context.stopping ? [this.#context.stopping] : [])])
    return retryUntilDone(`topic ${topic}`, { ...this.#context, stopping }, question)
  }

  /** A group that (re)joins starts anywhere, with nothing paused. */
  #applyPositions(assignment: Assignment, consumer: GroupMembership): void {
    for (const [topic, partitions] of assignment.partitions)
      for (const partition of partitions) {
        const reading = this.#readings.get(toPartitionId(topic, partition))
        if (reading) consumer.seek(topic, partition, reading.position)
        else consumer.pause(topic, partition)
      }
  }

  #take({ topic, partition, records, nextOffset }: RecordBatch): number {
    const place = toPartitionId(topic, partition)
    const reading = this.#readings.get(place)
    if (!reading) return 0
    try {
      for (const record of records) {
        if (record.offset < reading.position) continue
        if (record.offset >= reading.toOffset) break
        reading.position = record.offset + 1
        if (reading.onRecord(record) === false) {
          this.#advance(place, reading.toOffset)
          break
        }
      }
      this.#advance(place, nextOffset)
    } catch (error) {
      this.#end(place, reading)
      reading.done.reject(error)
    }
    return records.length
  }

  #advance(place: string, position: number): void {
    const reading = this.#readings.get(place)
    if (!reading) return
    reading.position = Math.max(reading.position, position)
    if (reading.position < reading.toOffset) return
    this.#end(place, reading)
    reading.done.resolve()
  }

  #end(place: string, { topic, partition }: Reading): void {
    this.#readings.delete(place)
    this.#consumer?.pause(topic, partition)
  }
}

function toPartitionId(topic: string, partition: number): string {
  return `${topic}/${partition}`
}

function closedError(): Error {
  return new Error('the range reader is closed')
}
