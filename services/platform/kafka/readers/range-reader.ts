import { randomUUID } from 'node:crypto'
import type { Admin, Kafka } from 'kafkajs'
import { retryUntilDone, type WaitContext } from '../../runtime/retry-until.ts'
import { type Assignment, type ConsumedRecord, GroupConsumer, type RecordBatch } from '../consumer.ts'

export type RangeReaderOptions = {
  topics: string[]
  /** Consumer group ids begin with it; every reader is alone in a group of its own. */
  groupPrefix: string
  sessionTimeoutMs: number
  /** Topic ids of logs that are known already: another one ends the process. */
  logIds?: ReadonlyMap<string, string>
  /** For a fault that no waiting mends; must end the process. */
  fail: (error: unknown) => void
}

/** The offset of a partition's first record (low), and the one behind its last record that is not in an open transaction (high). */
export type PartitionEnds = { partition: number; low: number; high: number }

/** @returns false to end the read here. */
type OnRecord = (record: ConsumedRecord) => unknown

type Reading = {
  topic: string
  partition: number
  /** Everything below it has been handed over, or is not there. */
  position: number
  toOffset: number
  onRecord: OnRecord
  done: PromiseWithResolvers<void>
}

/** Bounds how late a read begins beside others that get nothing. */
const maxWaitMs = 1_000
/** Of one partition in a fetch: what stands behind the end of a read is fetched for nothing. */
const maxBytesPerPartition = 262_144
/** How often a read that gets nothing looks whether its records have been deleted meanwhile. */
const deletedCheckMs = 2_000

/** Reads given ranges of offsets, one consumer for all of them, which is paused in between. */
export class RangeReader implements AsyncDisposable {
  readonly #groupId: string
  readonly #admin: Admin
  readonly #context: WaitContext
  readonly #closed = new AbortController()
  readonly #readings = new Map<string, Reading>()
  /** The last read asked for, by place: the next one waits for it. */
  readonly #latest = new Map<string, Promise<void>>()
  #consumer: GroupConsumer | undefined

  private constructor(groupId: string, admin: Admin, context: WaitContext) {
    this.#groupId = groupId
    this.#admin = admin
    this.#context = context
  }

  /** Joins its group, however long it takes until Kafka can be reached. */
  static async open(kafka: Kafka, options: RangeReaderOptions, context: WaitContext): Promise<RangeReader> {
    const { topics, groupPrefix, sessionTimeoutMs, logIds = new Map(), fail } = options
    const admin = kafka.admin({ retry: { retries: 3 } })
    await retryUntilDone('kafka range reader', context, () => admin.connect())
    const groupId = `${groupPrefix}-${randomUUID()}`
    const reader = new RangeReader(groupId, admin, context)
    reader.#consumer = await GroupConsumer.open(
      kafka,
      {
        groupId,
        topics,
        sessionTimeoutMs,
        logIds,
        maxWaitMs,
        maxBytesPerPartition,
        fail,
        onAssigned: (assignment, consumer) => reader.#goOn(assignment, consumer),
        onBatch: (batch) => reader.#take(batch),
        onPassed: ({ topic, partition, nextOffset }) => reader.#advance(placeOf(topic, partition), nextOffset),
      },
      context,
    )
    return reader
  }

  /**
   * Calls onRecord with every record of fromOffset <= offset < toOffset that the partition holds, in order, each once.
   * Begins at the log's start where fromOffset is below it, ends at its end (of the time of the call) where toOffset is
   * above. Reads of several partitions run side by side, those of one partition one after another.
   * @param isThere whether the caller knows that the log reaches as far as toOffset: then Kafka is not asked, which takes
   * longer than a short read.
   * @throws what onRecord throws, which ends the read; an error when the reader is closed.
   */
  read(
    topic: string,
    partition: number,
    fromOffset: number,
    toOffset: number,
    onRecord: OnRecord,
    { isThere = false } = {},
  ): Promise<void> {
    const place = placeOf(topic, partition)
    const range = { topic, partition, position: fromOffset, toOffset, onRecord }
    const reading = this.#readAfter(this.#latest.get(place), range, isThere)
    this.#latest.set(place, reading)
    return reading
  }

  /** By partition number. @throws an error when the reader is closed while Kafka cannot be reached. */
  async ends(topic: string): Promise<PartitionEnds[]> {
    const ends = await this.#ask(topic, () => this.#admin.fetchTopicOffsets(topic))
    return ends
      .map(({ partition, low, high }) => ({ partition, low: Number(low), high: Number(high) }))
      .sort((a, b) => a.partition - b.partition)
  }

  /**
   * Partition -> offset of its first record that is not older than the time (milliseconds since the epoch); where there
   * is none, the offset that its next record will get. Records' times need not ascend: older ones may follow.
   */
  async offsetsAt(topic: string, timestampMs: number): Promise<Map<number, number>> {
    // Kafka's own numbers for none (-1) never come back: kafkajs puts the end there. As questions, -1 and -2 mean the ends.
    const atMs = Math.max(0, Math.floor(timestampMs))
    const offsets = await this.#ask(topic, () => this.#admin.fetchTopicOffsetsByTimestamp(topic, atMs))
    return new Map(offsets.map(({ partition, offset }) => [partition, Number(offset)]))
  }

  /** Reads that are not done are rejected. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed.abort()
    for (const { done } of this.#readings.values()) done.reject(closedError())
    this.#readings.clear()
    await this.#consumer?.[Symbol.asyncDispose]()
    await this.#admin.deleteGroups([this.#groupId])
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
    this.#readings.set(placeOf(topic, partition), reading)
    this.#consumer?.seek(topic, partition, position)
    this.#consumer?.resume(topic, partition)
    const watching = new AbortController()
    await Promise.all([
      reading.done.promise.finally(() => watching.abort()),
      this.#watchDeletion(reading, watching.signal),
    ])
  }

  /** Retention may delete the records that are waited for, and perhaps none come behind them. */
  async #watchDeletion(reading: Reading, over: AbortSignal): Promise<void> {
    const { topic, partition } = reading
    for (let seen = reading.position; !over.aborted; seen = reading.position) {
      await this.#context.clock.sleep(deletedCheckMs, over)
      if (over.aborted || reading.position > seen) continue
      const { low } = await this.#endsOf(topic, partition)
      if (!over.aborted) this.#advance(placeOf(topic, partition), low)
    }
  }

  async #endsOf(topic: string, partition: number): Promise<PartitionEnds> {
    const ends = (await this.ends(topic)).find((end) => end.partition === partition)
    if (!ends) throw new Error(`there is no partition ${partition} of ${topic}`)
    return ends
  }

  #ask<T>(topic: string, question: () => Promise<T>): Promise<T> {
    const stopping = AbortSignal.any([this.#closed.signal, ...(this.#context.stopping ? [this.#context.stopping] : [])])
    return retryUntilDone(`topic ${topic}`, { ...this.#context, stopping }, question)
  }

  /** A group that (re)joins starts anywhere, with nothing paused. */
  #goOn(assignment: Assignment, consumer: GroupConsumer): void {
    for (const [topic, partitions] of assignment.partitions)
      for (const partition of partitions) {
        const reading = this.#readings.get(placeOf(topic, partition))
        if (reading) consumer.seek(topic, partition, reading.position)
        else consumer.pause(topic, partition)
      }
  }

  #take({ topic, partition, records, nextOffset }: RecordBatch): number {
    const place = placeOf(topic, partition)
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

function placeOf(topic: string, partition: number): string {
  return `${topic}/${partition}`
}

function closedError(): Error {
  return new Error('the range reader is closed')
}
