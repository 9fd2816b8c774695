import type { SourcePosition } from '../../domain/stats/stats.ts'
import type { Decode, Decoded } from '../../platform/avro/codec.ts'
import { ownCopy } from '../../platform/avro/own-copy.ts'
import type { KafkaAccess, OpenTable } from '../../platform/kafka/access/kafka-access.ts'
import type { ConsumedRecord } from '../../platform/kafka/consumer.ts'
import type { ReportUnread } from '../../platform/kafka/readers/table.ts'
import type { WaitContext } from '../../platform/runtime/retry-until.ts'
import { StoredStates } from './stored-states.ts'

export type StoredTopicOptions<R> = {
  topic: string
  decode: Decode<R>
  /** Reads only the webhook and source of a record, which suffices for most. */
  decodeHead: Decode<StateHead>
  /** Topic id of the log that is folded; null if unknown. */
  sourceLogId: string | null
  fail: (error: unknown) => void
}

export type StateHead = { webhookId: string; source: SourcePosition }

/** The part of a log that a state reflects. If the log was replaced, that is nothing, although its counts continue. */
export function sourceIn(logId: string | null, source: SourcePosition): SourcePosition {
  const { partition, logId: of = null } = source
  const isOther = of !== null && logId !== null && of !== logId
  return { partition, offset: isOther ? -1 : source.offset, logId }
}

/**
 * A topic of states, read to its end and then kept up to date. States are kept as bytes, because most do not change for
 * hours.
 */
export class StoredTopic<R extends StateHead> implements AsyncDisposable {
  readonly states = new StoredStates<Buffer>()
  readonly #options: StoredTopicOptions<R>
  readonly #decoding = new Set<Promise<void>>()
  /** Ids of schemas that both decoders know. */
  readonly #known = new Set<number>()
  #table: OpenTable | undefined

  private constructor(options: StoredTopicOptions<R>) {
    this.#options = options
  }

  static async open<R extends StateHead>(
    kafka: Pick<KafkaAccess, 'openTable'>,
    options: StoredTopicOptions<R>,
    context: WaitContext,
  ): Promise<StoredTopic<R>> {
    const { decode: _decode, decodeHead: _decodeHead, sourceLogId: _sourceLogId, ...table } = options
    const self = new StoredTopic(options)
    self.#table = await kafka.openTable({ ...table, onRecord: self.#onRecord.bind(self) }, context)
    return self
  }

  /** Resolves once `states` has everything in the topic at the time of the call. @throws WaitAbandoned. */
  async caughtUp(): Promise<void> {
    await this.#table?.caughtUp()
    await Promise.all(this.#decoding)
  }

  /** The best record of a webhook, decoded again at each call. */
  best(partition: number, webhookId: string): R | undefined {
    const found = this.states.best(partition, webhookId)
    if (!found) return undefined
    const decoded = this.#options.decode(found.stored)
    // Its schema has been known since the record arrived.
    if (decoded instanceof Promise || !decoded.ok) throw new Error('a stored state cannot be decoded any more')
    return { ...decoded.value, source: sourceIn(this.#options.sourceLogId, decoded.value.source) }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#table?.[Symbol.asyncDispose]()
  }

  #onRecord(record: ConsumedRecord, unread: ReportUnread): void {
    const decoded = record.value === null ? tombstone : this.#decodeHead(record.value)
    if (!(decoded instanceof Promise)) return this.#take(record, decoded, unread)
    // Only until the schema is known. The order does not matter, because StoredStates compares offsets.
    const done = decoded.then((value) => {
      this.#take(record, value, unread)
      this.#decoding.delete(done)
    })
    // Stays in the set: without the record, `states` is not what the topic has.
    done.catch(this.#options.fail)
    this.#decoding.add(done)
  }

  /** Decodes the first record of a schema as a whole too, so that best() need not wait for the registry. */
  #decodeHead(value: Buffer): Decoded<StateHead> | Promise<Decoded<StateHead>> {
    const { decode, decodeHead } = this.#options
    const schemaId = value.length < 5 ? -1 : value.readUInt32BE(1)
    if (this.#known.has(schemaId)) return decodeHead(value)
    const learn = async (): Promise<Decoded<StateHead>> => {
      const [whole, head] = await Promise.all([decode(value), decodeHead(value)])
      if (whole.ok && head.ok) this.#known.add(schemaId)
      return whole.ok ? head : whole
    }
    return learn()
  }

  #take(record: ConsumedRecord, decoded: Decoded<StateHead | null>, unread: ReportUnread): void {
    const problem = decoded.ok ? this.#apply(record, decoded.value) : decoded.reason
    if (problem !== null) unread(problem)
  }

  /** @returns why the record is not about the partition that it is in, or null. */
  #apply({ partition, offset, key, value }: ConsumedRecord, state: StateHead | null): string | null {
    const id = state?.webhookId ?? key?.toString('utf8')
    if (id === undefined) return 'a tombstone without a key'
    if (state && state.source.partition !== partition) return `belongs to partition ${state.source.partition}`
    const { sourceLogId } = this.#options
    const sourceOffset = state && sourceIn(sourceLogId, state.source).offset
    const stored = value === null || sourceOffset === null ? null : { sourceOffset, stored: ownCopy(value) }
    this.states.apply(partition, id, offset, stored)
    return null
  }
}

const tombstone: Decoded<null> = { ok: true, value: null }
