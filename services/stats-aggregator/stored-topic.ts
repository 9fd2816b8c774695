import type { WebhookStats } from '../domain/stats.ts'
import type { Decode, Decoded } from '../platform/codec.ts'
import type { Kafka } from '../platform/kafka/client.ts'
import type { ConsumedRecord } from '../platform/kafka/consumer.ts'
import { TopicTable } from '../platform/kafka/table.ts'
import type { WaitContext } from '../platform/retry-until.ts'
import { toState } from './fold.ts'
import { StoredStats } from './stored-stats.ts'

export type StoredTopicOptions = {
  topic: string
  groupPrefix: string
  sessionTimeoutMs: number
  decode: Decode<WebhookStats>
  fail: (error: unknown) => void
}

/** webhook-stats, read to its end and then followed. */
export class StoredTopic implements AsyncDisposable {
  readonly stored: StoredStats
  readonly #table: TopicTable
  readonly #decoding: Set<Promise<void>>

  private constructor(stored: StoredStats, table: TopicTable, decoding: Set<Promise<void>>) {
    this.stored = stored
    this.#table = table
    this.#decoding = decoding
  }

  static async open(kafka: Kafka, options: StoredTopicOptions, context: WaitContext): Promise<StoredTopic> {
    const { decode, fail, ...table } = options
    const stored = new StoredStats()
    const decoding = new Set<Promise<void>>()
    const take = (record: ConsumedRecord, decoded: Decoded<WebhookStats | null>) => {
      const problem = applyTo(stored, record, decoded)
      const { topic, partition, offset } = record
      if (problem !== null) context.log.warn({ topic, partition, offset, problem }, 'statistics record passed over')
    }
    const onRecord = (record: ConsumedRecord) => {
      const decoded = record.value === null ? tombstone : decode(record.value)
      if (!(decoded instanceof Promise)) return take(record, decoded)
      // Only until the schema is known; order does not matter, as StoredStats goes by offsets.
      const done = decoded.then((value) => take(record, value)).catch(fail)
      decoding.add(done)
      done.finally(() => decoding.delete(done))
    }
    return new StoredTopic(stored, await TopicTable.open(kafka, { ...table, onRecord, fail }, context), decoding)
  }

  /** Resolves when `stored` has everything that the topic holds at the time of the call. */
  async caughtUp(): Promise<void> {
    await this.#table.caughtUp()
    await Promise.all(this.#decoding)
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#table[Symbol.asyncDispose]()
  }
}

const tombstone: Decoded<null> = { ok: true, value: null }

/** @returns why the record says nothing about the partition it stands in, or null. */
function applyTo(stored: StoredStats, record: ConsumedRecord, decoded: Decoded<WebhookStats | null>): string | null {
  if (!decoded.ok) return decoded.reason
  const stats = decoded.value
  const id = stats?.webhookId ?? record.key?.toString('utf8')
  if (id === undefined) return 'a tombstone without a key'
  if (stats && stats.source.partition !== record.partition) return `is of partition ${stats.source.partition}`
  stored.apply(record.partition, id, record.offset, stats && toState(stats))
  return null
}
