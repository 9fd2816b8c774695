import type { Decode, Decoded } from '../../platform/avro/codec.ts'
import { ownCopy } from '../../platform/avro/own-copy.ts'
import type { Kafka } from '../../platform/kafka/client.ts'
import type { ConsumedRecord } from '../../platform/kafka/consumer.ts'
import { type ReportUnread, TopicTable } from '../../platform/kafka/readers/table.ts'
import type { WaitContext } from '../../platform/runtime/retry-until.ts'

export type LatestRecordsOptions<T> = {
  topic: string
  decode: Decode<T>
  /** Called with the key of each record, once get() returns it. */
  onChange: (key: string) => void
  fail: (error: unknown) => void
}

type Held = { bytes: Buffer; unread: ReportUnread }

/**
 * Newest record of each key of a compacted topic. Records are kept as bytes and decoded by get(): the statistics of a
 * thousand webhooks change every second, and few of them are read.
 */
export class LatestRecords<T> implements AsyncDisposable {
  readonly #held = new Map<string, Held>()
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
    const { topic, fail } = options
    const onRecord = records.apply.bind(records)
    records.#table = await TopicTable.open(kafka, { topic, onRecord, fail }, context)
    await Promise.all(records.#learning)
    return records
  }

  /** @param unread called if the record cannot be read: at once if it shows, otherwise when it is asked for. */
  apply({ key, value }: Pick<ConsumedRecord, 'key' | 'value'>, unread: ReportUnread): void {
    if (key === null) return value === null ? undefined : unread('has no key')
    const id = key.toString('utf8')
    const held = value && { bytes: ownCopy(value), unread }
    if (held) this.#held.set(id, held)
    else this.#held.delete(id)
    const learning = held && this.#learn(id, held)
    if (!learning) return this.#options.onChange(id)
    learning.then(() => this.#options.onChange(id)).catch(this.#options.fail)
  }

  /** @returns undefined if there is no record, or none that can be decoded. */
  get(key: string): T | undefined {
    const held = this.#held.get(key)
    const decoded = held && this.#options.decode(held.bytes)
    if (!decoded || decoded instanceof Promise) return undefined
    if (decoded.ok) return decoded.value
    held.unread(decoded.reason)
    return undefined
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#table?.[Symbol.asyncDispose]()
  }

  /**
   * Decodes the first record of each schema when it arrives, so that get() does not wait for the registry, and every
   * record that names no schema.
   */
  #learn(id: string, held: Held): Promise<void> | undefined {
    const { bytes } = held
    const schemaId = bytes.length < 5 || bytes[0] !== 0 ? null : bytes.readInt32BE(1)
    if (schemaId === this.#learnt) return undefined
    const learnt = (decoded: Decoded<T>) => {
      if (schemaId !== null) this.#learnt = schemaId
      // A newer record of the key may have come meanwhile.
      if (!decoded.ok && this.#held.get(id) === held) held.unread(decoded.reason)
    }
    const decoded = this.#options.decode(bytes)
    if (!(decoded instanceof Promise)) {
      learnt(decoded)
      return undefined
    }
    const learning = decoded.then((value) => {
      learnt(value)
      this.#learning.delete(learning)
    })
    this.#learning.add(learning)
    return learning
  }
}
