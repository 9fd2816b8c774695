import { retryUntilDone, WaitAbandoned, type WaitContext } from '../../runtime/retry-until.ts'
import type { Kafka } from '../client.ts'
import type { ConsumedRecord } from '../consumer.ts'
import type { PartitionEnds } from '../wire/list-offsets.ts'
import { openReader } from './open-reader.ts'
import type { PartitionReader } from './partition-reader.ts'
import { type FetchedBatch, placeOf } from './reading.ts'

export type RangeReaderOptions = {
  /** Topics that it may be asked to read. */
  topics: string[]
  /** Topic ids of logs that are already known; any other id ends the process. */
  logIds?: ReadonlyMap<string, string>
  /** Called for a fault that waiting does not fix; must end the process. */
  fail: (error: unknown) => void
}

/** @returns false to end the read here. */
type OnRecord = (record: ConsumedRecord) => unknown

type RangeReading = {
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

/** Reads given ranges of offsets. */
export class RangeReader implements AsyncDisposable {
  readonly #kafka: Kafka
  readonly #context: WaitContext
  readonly #closed = new AbortController()
  readonly #readings = new Map<string, RangeReading>()
  /** The latest read requested of each partition; the next one waits for it. */
  readonly #latest = new Map<string, Promise<void>>()
  #reader: PartitionReader | undefined

  private constructor(kafka: Kafka, context: WaitContext) {
    this.#kafka = kafka
    this.#context = context
  }

  /** Waits until Kafka can be reached. */
  static async open(kafka: Kafka, options: RangeReaderOptions, context: WaitContext): Promise<RangeReader> {
    const self = new RangeReader(kafka, context)
    const reading = {
      ...options,
      maxWaitMs,
      maxBytesPerPartition,
      onBatch: (batch: FetchedBatch) => self.#take(batch),
      onPassed: ({ topic, partition, nextOffset }: { topic: string; partition: number; nextOffset: number }) =>
        self.#advance(placeOf(topic, partition), nextOffset),
    }
    self.#reader = await openReader(kafka, 'kafka range reader', reading, context)
    return self
  }

  /**
   * Calls onRecord with every record of fromOffset <= offset < toOffset in the partition, in order, each once. Begins
   * at the log's start if fromOffset is below it; ends at the log's end at the time of the call if toOffset is beyond
   * it. Reads of several partitions run concurrently, those of one partition one after another.
   * @param isThere whether the caller knows that the log reaches toOffset. Then Kafka is not asked, which would take
   * longer than a short read.
   * @throws errors of onRecord, which end the read; WaitAbandoned when the reader is closed.
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

  /**
   * Ends by partition number.
   * @param partitions waits until the broker that is asked knows them; by default all that it knows.
   * @throws WaitAbandoned when the reader is closed, or stopping begins, while Kafka cannot be reached.
   */
  ends(topic: string, partitions?: readonly number[]): Promise<PartitionEnds[]> {
    return this.#ask(topic, () => this.#kafka.cluster.ends(topic, 'committed', partitions))
  }

  /**
   * Partition -> offset of its first record that is not older than the time (milliseconds since the epoch); if there is
   * none, the offset that its next record will get. Records' times need not ascend: older ones may follow.
   */
  offsetsAt(topic: string, timestampMs: number): Promise<Map<number, number>> {
    // Kafka would be asked again and again, and the process would not be ready.
    if (!Number.isFinite(timestampMs)) return Promise.reject(new RangeError(`${timestampMs} is no time`))
    return this.#ask(topic, () => this.#kafka.cluster.offsetsAt(topic, timestampMs))
  }

  /** Rejects reads that have not finished. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed.abort()
    for (const { done } of this.#readings.values()) done.reject(closedError())
    this.#readings.clear()
    await this.#reader?.[Symbol.asyncDispose]()
  }

  async #readAfter(
    previous: Promise<void> | undefined,
    range: Omit<RangeReading, 'done'>,
    isThere: boolean,
  ): Promise<void> {
    await Promise.allSettled([previous])
    const { topic, partition } = range
    const { low, high } = isThere ? { low: range.position, high: range.toOffset } : await this.#endsOf(topic, partition)
    if (this.#closed.signal.aborted) throw closedError()
    const position = Math.max(range.position, low)
    const toOffset = Math.min(range.toOffset, high)
    if (position >= toOffset) return
    const reading = { ...range, position, toOffset, done: Promise.withResolvers<void>() }
    this.#readings.set(placeOf(topic, partition), reading)
    this.#reader?.begin(topic, partition, position)
    await reading.done.promise
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

  #take({ topic, partition, records, nextOffset }: FetchedBatch): number {
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

  #end(place: string, { topic, partition }: RangeReading): void {
    this.#readings.delete(place)
    this.#reader?.end(topic, partition)
  }
}

function closedError(): WaitAbandoned {
  return new WaitAbandoned('the range reader is closed')
}
