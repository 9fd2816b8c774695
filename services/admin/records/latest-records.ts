import type { Decode } from '../../platform/avro/codec.ts'
import { ownCopy } from '../../platform/avro/own-copy.ts'
import type { Kafka } from '../../platform/kafka/client.ts'
import type { ConsumedRecord } from '../../platform/kafka/consumer.ts'
import { TopicTable } from '../../platform/kafka/readers/table.ts'
import type { WaitContext } from '../../platform/runtime/retry-until.ts'

export type LatestRecordsOptions<T> = {
  topic: string
  groupPrefix: string
  decode: Decode<T>
  /** Called with the key of each record, once get() returns it. */
  onChange: (key: string) => void
  fail: (error: unknown) => void
}

/**
 * Newest record of each key of a compacted topic. Records are kept as bytes and decoded by get(): the statistics of a
 * thousand webhooks change every second, and few of them are read.
 */
export class LatestRecords<T> implements AsyncDisposable {
  readonly #bytes = new Map<string, Buffer>()
  readonly #options: LatestRecordsOptions<T>
  /** Schemas that are being requested. Until they arrive, get() returns nothing for their records. */
  readonly #learning = new Set<Promise<void>>()
  #learnt = -1
  #table: TopicTable | undefined

  constructor(options: LatestRecordsOptions<T>) {
    this.#options = options
  }

  /** Resolves once the topic has been read to its end. */
  static async open<T>(
    kafka: Kafka,
    options: LatestRecordsOptions<T>,
    context: WaitContext,
  ): Promise<LatestRecords<T>> {
    const records = new LatestRecords(options)
    const { topic, groupPrefix, fail } = options
    const onRecord = records.apply.bind(records)
    records.#table = await TopicTable.open(kafka, { topic, groupPrefix, onRecord, fail }, context)
    await Promise.all(records.#learning)
    return records
  }

  apply({ key, value }: Pick<ConsumedRecord, 'key' | 'value'>): void {
    if (key === null) return
    const id = key.toString('utf8')
    if (value === null) this.#bytes.delete(id)
    else this.#bytes.set(id, ownCopy(value))
    const learning = value && this.#learn(value)
    if (!learning) return this.#options.onChange(id)
    learning.then(() => this.#options.onChange(id)).catch(this.#options.fail)
  }

  /** @returns undefined if there is no record, or none that can be decoded. */
  get(key: string): T | undefined {
    const bytes = this.#bytes.get(key)
    const decoded = bytes && this.#options.decode(bytes)
    return decoded && !(decoded instanceof Promise) && decoded.ok ? decoded.value : undefined
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#table?.[Symbol.asyncDispose]()
  }

  /** Decodes the first record of each schema when it arrives, so that get() does not wait for the registry. */
  #learn(value: Buffer): Promise<void> | undefined {
    const schemaId = value.length < 5 ? this.#learnt : value.readInt32BE(1)
    if (schemaId === this.#learnt) return undefined
    const decoded = this.#options.decode(value)
    if (!(decoded instanceof Promise)) {
      this.#learnt = schemaId
      return undefined
    }
    const learning = decoded.then(() => {
      this.#learnt = schemaId
      this.#learning.delete(learning)
    })
    this.#learning.add(learning)
    return learning
  }
}
