import { randomUUID } from 'node:crypto'
import type { Kafka } from 'kafkajs'
import { retryUntilDone, type WaitContext } from '../retry-until.ts'
import { type ConsumedRecord, GroupConsumer } from './consumer.ts'
import { loneMember } from './consumer-options.ts'
import { withAdmin } from './topics.ts'

export type TableOptions = {
  topic: string
  /** Consumer group ids begin with it; every instance reads alone, in a group of its own. */
  groupPrefix: string
  /** Called in order with every record, from the first in the topic on; each offset once. */
  onRecord: (record: ConsumedRecord) => void
  fail: (error: unknown) => void
}

/** Offset that the partition's next record will get. */
type End = { partition: number; offset: number }

type Waiter = { partition: number; offset: number; resolve: () => void }

/** A whole compacted topic, read to its end and then followed: the fold over it is the caller's. */
export class TopicTable implements AsyncDisposable {
  readonly #positions = new Map<number, number>()
  readonly #kafka: Kafka
  readonly #topic: string
  readonly #groupId: string
  readonly #context: WaitContext
  #waiters: Waiter[] = []
  #consumer: GroupConsumer | undefined

  private constructor(kafka: Kafka, topic: string, groupId: string, context: WaitContext) {
    this.#kafka = kafka
    this.#topic = topic
    this.#groupId = groupId
    this.#context = context
  }

  /** Resolves when everything that the topic held at the time of the call has been folded. */
  static async open(kafka: Kafka, options: TableOptions, context: WaitContext): Promise<TopicTable> {
    const { topic, groupPrefix, onRecord, fail } = options
    const table = new TopicTable(kafka, topic, `${groupPrefix}-${randomUUID()}`, context)
    const ends = await table.#ends()
    table.#consumer = await GroupConsumer.open(
      kafka,
      {
        groupId: table.#groupId,
        topics: [topic],
        ...loneMember,
        fail,
        onBatch: ({ partition, records, nextOffset }) => {
          for (const record of records) table.#take(record, onRecord)
          table.#advance(partition, nextOffset)
          return records.length
        },
        // Without it, a topic that ends with the marker of a transaction would never be read to its end.
        onPassed: ({ partition, nextOffset }) => table.#advance(partition, nextOffset),
      },
      context,
    )
    await table.#reachedAll(ends)
    return table
  }

  /** Resolves when everything that the topic holds at the time of the call has been folded. */
  async caughtUp(): Promise<void> {
    await this.#reachedAll(await this.#ends())
  }

  /** Resolves when every record before the offset has been folded. */
  reached(partition: number, offset: number): Promise<void> {
    if (this.position(partition) >= offset) return Promise.resolve()
    return new Promise((resolve) => this.#waiters.push({ partition, offset, resolve }))
  }

  /** The offset that follows the last one folded. */
  position(partition: number): number {
    return this.#positions.get(partition) ?? 0
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#consumer?.[Symbol.asyncDispose]()
    await withAdmin(this.#kafka, (admin) => admin.deleteGroups([this.#groupId]))
  }

  #ends(): Promise<End[]> {
    return retryUntilDone(`topic ${this.#topic}`, this.#context, () => endsOf(this.#kafka, this.#topic))
  }

  async #reachedAll(ends: End[]): Promise<void> {
    await Promise.all(ends.map(({ partition, offset }) => this.reached(partition, offset)))
  }

  /** A group that rejoins reads from the beginning again: what is already folded is passed over, so time never goes back. */
  #take(record: ConsumedRecord, onRecord: (record: ConsumedRecord) => void): void {
    if (record.offset < this.position(record.partition)) return
    onRecord(record)
    this.#positions.set(record.partition, record.offset + 1)
  }

  #advance(partition: number, offset: number): void {
    if (offset > this.position(partition)) this.#positions.set(partition, offset)
    const position = this.position(partition)
    const due = this.#waiters.filter((waiter) => waiter.partition === partition && waiter.offset <= position)
    if (due.length === 0) return
    this.#waiters = this.#waiters.filter((waiter) => !due.includes(waiter))
    for (const waiter of due) waiter.resolve()
  }
}

async function endsOf(kafka: Kafka, topic: string): Promise<End[]> {
  const offsets = await withAdmin(kafka, (admin) => admin.fetchTopicOffsets(topic))
  return offsets
    .filter(({ high, low }) => Number(high) > Number(low))
    .map(({ partition, high }) => ({ partition, offset: Number(high) }))
}
