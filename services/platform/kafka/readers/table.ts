import { RecordFaults, SetAside } from '../../runtime/record-faults.ts'
import { retryUntilDone, type WaitContext } from '../../runtime/retry-until.ts'
import type { Kafka } from '../client.ts'
import type { ConsumedRecord } from '../consumer.ts'
import { LogChanged } from '../log-ids.ts'
import type { PartitionEnds } from '../wire/list-offsets.ts'
import { openReader } from './open-reader.ts'
import type { PartitionReader } from './partition-reader.ts'
import { type FetchedBatch, idleWaitMs } from './reading.ts'

export type TableOptions = {
  topic: string
  /**
   * Called in order with every record from the first in the topic, each offset once. A record for which it throws twice
   * is skipped, and shown as unread.
   * @param unread to be called, at once or later, if the record cannot be read.
   */
  onRecord: (record: ConsumedRecord, unread: ReportUnread) => void
  fail: (error: unknown) => void
}

/** Shows a record as one that cannot be read. @param reason quotes no value. */
export type ReportUnread = (reason: string) => void

/** @param key of the record, or another name under which it is known. */
export function unreadReporter(
  record: ConsumedRecord,
  key: string,
  { readiness, log }: Pick<WaitContext, 'readiness' | 'log'>,
): ReportUnread {
  const { topic, partition, offset } = record
  return (reason) => {
    if (readiness.unread.add(record, key, reason))
      log.error({ topic, partition, offset, reason }, 'record is not readable')
  }
}

type Waiter = { partition: number; offset: number; resolve: () => void }

/** A whole compacted topic, read to its end and then kept up to date. The caller folds its records. */
export class TopicTable implements AsyncDisposable {
  readonly #positions = new Map<number, number>()
  readonly #kafka: Kafka
  readonly #topic: string
  readonly #context: WaitContext
  readonly #options: TableOptions
  readonly #faults: RecordFaults
  readonly #waiters = new Set<Waiter>()
  #reader: PartitionReader | undefined

  private constructor(kafka: Kafka, options: TableOptions, context: WaitContext) {
    this.#kafka = kafka
    this.#topic = options.topic
    this.#options = options
    this.#context = context
    this.#faults = new RecordFaults({ ...context, fail: options.fail })
  }

  /** Resolves once everything in the topic at the time of the call has been folded. */
  static async open(kafka: Kafka, options: TableOptions, context: WaitContext): Promise<TopicTable> {
    const { topic, fail } = options
    const table = new TopicTable(kafka, options, context)
    const advance = ({ partition, nextOffset }: { partition: number; nextOffset: number }) =>
      table.#advance(partition, nextOffset)
    const reading = {
      topics: [topic],
      maxWaitMs: idleWaitMs,
      fail,
      onBatch: (batch: FetchedBatch) => {
        for (const record of batch.records) table.#take(record)
        advance(batch)
        return batch.records.length
      },
      // Without onPassed, a topic that ends with a transaction marker would never be read to its end.
      onPassed: advance,
      onMorePartitions: (topic: string, partitions: number) => table.#reader?.beginAdded(topic, partitions),
    }
    const reader = await openReader(kafka, `kafka reader of ${topic}`, reading, context)
    table.#reader = reader
    const ends = await table.#ends()
    reader.read(new Map([[topic, new Map(ends.map(({ partition, low }) => [partition, low]))]]))
    await table.#reachedAll(ends)
    return table
  }

  /** Resolves once everything in the topic at the time of the call has been folded. */
  async caughtUp(): Promise<void> {
    // Taken before Kafka is asked: records folded during the request lie beyond the ends that it returns.
    const before = new Map(this.#positions)
    const ends = await this.#ends()
    for (const { partition, high } of ends)
      if (high < (before.get(partition) ?? 0)) await this.#isShorter(partition, high)
    await this.#reachedAll(ends)
  }

  /**
   * Resolves once a written record has been folded.
   * @param position the partition's position before the record was written; a record before it belongs to another log.
   */
  async written(partition: number, offset: number, position: number): Promise<void> {
    if (offset < position) await this.#isShorter(partition, offset)
    await this.reached(partition, offset + 1)
  }

  /**
   * Resolves once every record before the offset has been folded, or the wait is aborted.
   * @param over ends the wait.
   */
  reached(partition: number, offset: number, over?: AbortSignal): Promise<void> {
    if (this.position(partition) >= offset || over?.aborted) return Promise.resolve()
    return new Promise((resolve) => {
      const waiter = { partition, offset, resolve }
      this.#waiters.add(waiter)
      over?.addEventListener('abort', () => {
        this.#waiters.delete(waiter)
        resolve()
      })
    })
  }

  /** Offset after the last folded record. */
  position(partition: number): number {
    return this.#positions.get(partition) ?? 0
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#reader?.[Symbol.asyncDispose]()
  }

  /** Ends the process: the log was replaced, or a part of it is gone. */
  #isShorter(partition: number, offset: number): Promise<never> {
    const place = `${this.#topic}/${partition}`
    const read = `was read up to offset ${this.position(partition)}`
    this.#options.fail(new LogChanged(`${place} ${read}, but ends near ${offset} now: it was truncated or recreated`))
    return new Promise<never>(() => {})
  }

  #ends(): Promise<PartitionEnds[]> {
    return retryUntilDone(`topic ${this.#topic}`, this.#context, () => this.#kafka.cluster.ends(this.#topic))
  }

  async #reachedAll(ends: PartitionEnds[]): Promise<void> {
    const held = ends.filter(({ low, high }) => high > low)
    await Promise.all(held.map(({ partition, high }) => this.reached(partition, high)))
  }

  /** Folds a record, each once. */
  #take(record: ConsumedRecord): void {
    if (record.offset < this.position(record.partition)) return
    const key = String(record.key)
    this.#context.readiness.unread.remove(record.topic, key)
    const report = unreadReporter(record, key, this.#context)
    const folded = this.#faults.guard(
      record,
      'folding the record',
      () => key,
      () => this.#options.onRecord(record, report),
    )
    if (folded instanceof SetAside) void folded.detail.then(report)
    this.#positions.set(record.partition, record.offset + 1)
  }

  #advance(partition: number, offset: number): void {
    if (offset > this.position(partition)) this.#positions.set(partition, offset)
    const position = this.position(partition)
    for (const waiter of this.#waiters) {
      if (waiter.partition !== partition || waiter.offset > position) continue
      this.#waiters.delete(waiter)
      waiter.resolve()
    }
  }
}
