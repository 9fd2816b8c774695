import type { Kafka, Producer } from 'kafkajs'
import { retryUntilDone, type WaitContext } from '../retry-until.ts'
import { KafkaJSError, Partitioners } from './kafkajs.ts'
import type { TrackedMessage, TrackedTopic } from './send-messages.ts'

export type OutgoingRecord = {
  topic: string
  key: string | Buffer | null
  value: Buffer | string | null
  /** The key's when not given; any one where key is null. */
  partition?: number
  headers?: Record<string, string>
}

/** Where in its partition the record went. */
export type Acknowledged = { offset: number }

/** The broker will never take this record (too large): a value for the caller to decide about. */
export class RecordRefused extends Error {
  override name = 'RecordRefused'
}

type Waiting = {
  topic: string
  message: TrackedMessage
  bytes: number
  acknowledged: (ack: Acknowledged) => void
  refused: (error: RecordRefused) => void
  refusal?: RecordRefused
}

/** Below the broker's message.max.bytes of 1,048,588, which bounds what one request brings to one partition. */
const batchBytes = 900_000
const recordOverheadBytes = 100

/**
 * Collects records while one batch is in flight and sends them as the next: records stay in order, and an acknowledged
 * one is in the log. Not idempotent on purpose: kafkajs 2.2.4 reuses a sequence number after a lost response, and the
 * broker then drops an acknowledged record (design.md). A partition whose answer was lost is sent again, and may then have
 * a record twice, with the same id. While Kafka does not answer, records wait in memory: watch bufferedBytes.
 */
export class BatchingProducer implements AsyncDisposable {
  readonly #producer: Producer
  readonly #context: WaitContext
  readonly #fail: (error: unknown) => void
  readonly #lingerMs: number
  #queue: Waiting[] = []
  #bufferedBytes = 0
  #sending: Promise<void> | undefined

  private constructor(producer: Producer, context: WaitContext, fail: (error: unknown) => void, lingerMs: number) {
    this.#producer = producer
    this.#context = context
    this.#fail = fail
    this.#lingerMs = lingerMs
  }

  /**
   * Connects, however long that takes.
   * @param fail called for a fault that no waiting mends; it must end the process.
   * @param lingerMs each batch waits so long for more records, as linger.ms of Kafka's own producer: for records that
   * nobody waits for, as fewer and larger batches take less CPU, here and at the broker.
   */
  static async open(
    kafka: Kafka,
    context: WaitContext,
    fail: (error: unknown) => void,
    { lingerMs = 0 } = {},
  ): Promise<BatchingProducer> {
    const producer = kafka.producer({
      allowAutoTopicCreation: false,
      createPartitioner: partitionAsAsked,
      retry: { retries: 3, initialRetryTime: 100, maxRetryTime: 1_000 },
    })
    await retryUntilDone('kafka producer', context, () => producer.connect())
    return new BatchingProducer(producer, context, fail, lingerMs)
  }

  /** Bytes of all records that Kafka has not acknowledged yet. */
  get bufferedBytes(): number {
    return this.#bufferedBytes
  }

  /** Resolves once all in-sync replicas have the record (acks -1). @throws RecordRefused */
  send(record: OutgoingRecord): Promise<Acknowledged> {
    return new Promise((resolve, reject) => this.enqueue(record, resolve, reject))
  }

  /**
   * As send, without a promise for each record. An error thrown by a callback ends the process.
   * @param acknowledged called once all in-sync replicas have the record, in the order of enqueueing.
   */
  enqueue(
    record: OutgoingRecord,
    acknowledged: (ack: Acknowledged) => void,
    refused: (error: RecordRefused) => void,
  ): void {
    const { topic, key, value, partition, headers } = record
    const message: TrackedMessage = { key, value }
    if (partition !== undefined) message.partition = partition
    if (headers !== undefined) message.headers = headers
    const bytes = recordOverheadBytes + (key?.length ?? 0) + (value?.length ?? 0)
    this.#bufferedBytes += bytes
    this.#queue.push({ topic, message, bytes, acknowledged, refused })
    this.#sending ??= this.#sendAll()
  }

  /** Waits for all records, then disconnects. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#sending
    await this.#producer.disconnect()
  }

  async #sendAll(): Promise<void> {
    try {
      while (this.#queue.length > 0) {
        await this.#linger()
        await this.#sendBatch(this.#takeBatch())
      }
    } catch (error) {
      this.#fail(error)
    }
    this.#sending = undefined
  }

  /** What is sent in the same turn of the event loop goes into one batch in any case. */
  #linger(): Promise<void> {
    return new Promise((resolve) => {
      if (this.#lingerMs > 0 && this.#bufferedBytes < batchBytes) setTimeout(resolve, this.#lingerMs)
      else setImmediate(resolve)
    })
  }

  #takeBatch(): Waiting[] {
    let bytes = 0
    let count = 0
    for (const waiting of this.#queue) {
      bytes += waiting.bytes
      if (count > 0 && bytes > batchBytes) break
      count++
    }
    const batch = this.#queue.slice(0, count)
    this.#queue = this.#queue.slice(count)
    return batch
  }

  async #sendBatch(batch: Waiting[]): Promise<void> {
    await this.#transmit(batch)
    for (const { message, bytes, acknowledged, refused, refusal } of batch) {
      this.#bufferedBytes -= bytes
      if (refusal) refused(refusal)
      else if (message.offset !== undefined) acknowledged({ offset: message.offset })
      else throw new Error('a record without an answer')
    }
  }

  /** Resolves when each has its offset or its refusal. */
  async #transmit(batch: Waiting[]): Promise<void> {
    try {
      await retryUntilDone(
        'kafka producer',
        this.#context,
        () => this.#producer.sendBatch({ acks: -1, topicMessages: byTopic(batch) }),
        (error) => !isTransient(error),
      )
    } catch (error) {
      if (!isTooLarge(error)) throw error
      await this.#splitOrRefuse(
        batch.filter(({ message }) => message.offset === undefined),
        error,
      )
    }
  }

  async #splitOrRefuse(batch: Waiting[], error: unknown): Promise<void> {
    const [only] = batch
    if (batch.length > 1) {
      const middle = Math.ceil(batch.length / 2)
      await this.#transmit(batch.slice(0, middle))
      return this.#transmit(batch.slice(middle))
    }
    if (only) only.refusal = new RecordRefused(error instanceof Error ? error.message : String(error))
  }
}

/** kafkajs' own partitioner filters the list of partitions first, also for a record that names its own. */
function partitionAsAsked(): ReturnType<typeof Partitioners.DefaultPartitioner> {
  const partitionByKey = Partitioners.DefaultPartitioner()
  return (args) => args.message.partition ?? partitionByKey(args)
}

function byTopic(batch: Waiting[]): TrackedTopic[] {
  const topics = new Map<string, TrackedMessage[]>()
  for (const { topic, message } of batch) {
    const messages = topics.get(topic)
    if (messages) messages.push(message)
    else topics.set(topic, [message])
  }
  return [...topics].map(([topic, messages]) => ({ topic, messages }))
}

/** Errors of the way to Kafka, or of a cluster that is changing: the same batch is sent again. */
function isTransient(error: unknown): boolean {
  // kafkajs 2.2.4 (broker/index.js) throws a plain error when a connection is lost between being chosen and being used.
  if (error instanceof Error && error.message === 'Broker not connected') return true
  if (!(error instanceof KafkaJSError)) return false
  const cause = (error as { cause?: unknown }).cause
  return error.retriable || error.name === 'KafkaJSNumberOfRetriesExceeded' ? !isTooLarge(cause) : isTransient(cause)
}

function isTooLarge(error: unknown): boolean {
  const type = (error as { type?: string } | undefined)?.type
  return type === 'MESSAGE_TOO_LARGE' || type === 'RECORD_LIST_TOO_LARGE'
}
