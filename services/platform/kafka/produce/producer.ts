import type { Kafka, Producer } from 'kafkajs'
import { retryUntilDone, type WaitContext } from '../../runtime/retry-until.ts'
import type { SendFault, TrackedMessage, TrackedTopic, WriteRights } from '../kafkajs-patches/send-messages.ts'
import { HeldRecords, type WaitingRecord } from './held-records.ts'
import { partitioner } from './partitioner.ts'
import { RecordRefused } from './record-refused.ts'
import { RightsCheck } from './rights-check.ts'
import { classifyFault, describeFault } from './send-fault.ts'
import { TopicFaults } from './topic-faults.ts'

export { RecordRefused } from './record-refused.ts'

export type OutgoingRecord = {
  topic: string
  key: string | Buffer | null
  value: Buffer | string | null
  /** By default the key's partition; any partition if key is null. */
  partition?: number
  headers?: Record<string, string>
  /** What happens to the record while its topic may not be written; 'wait' by default. */
  whileForbidden?: 'wait' | 'refuse'
  /**
   * Whether no smaller record is left to write instead. Then the record is never refused, and waits as long as Kafka
   * does not accept it.
   */
  isLast?: boolean
}

/** Offset of the record in its partition. */
export type Acknowledged = { offset: number }

export type ProducerOptions = {
  /** Topics that are written, by their names in Kafka; their write rights are checked from the start. */
  topics?: readonly string[]
  /**
   * Time that each batch waits for more records, like linger.ms of Kafka's own producer. For records that nobody waits
   * for: fewer and larger batches take less CPU, here and at the broker.
   */
  lingerMs?: number
}

/** Below the broker's message.max.bytes of 1,048,588, which limits what one request brings to one partition. */
const batchBytes = 900_000
const recordOverheadBytes = 100

/**
 * Collects records while one batch is in flight and sends them as the next one. Records stay in order, and an
 * acknowledged record is in the log. It is not idempotent on purpose: kafkajs 2.2.4 reuses a sequence number after a
 * lost response, and the broker then drops an acknowledged record (docs/decisions/0001-batching-producer.md). A
 * partition whose response was lost is sent again, and may then contain a record twice, with the same id.
 * Records that Kafka does not accept at present are held back and retried, even after a stop was requested. Records for
 * other partitions continue. Held records stay in memory: watch bufferedBytes.
 */
export class BatchingProducer implements AsyncDisposable {
  readonly #producer: Producer
  readonly #context: WaitContext
  readonly #fail: (error: unknown) => void
  readonly #lingerMs: number
  readonly #held: HeldRecords
  readonly #faults: TopicFaults
  readonly #rights: RightsCheck
  #queue: WaitingRecord[] = []
  #bufferedBytes = 0
  #sending: Promise<void> | undefined
  /** Ends the wait for the next try of held records. */
  #comes = new AbortController()

  private constructor(
    producer: Producer,
    held: HeldRecords,
    context: WaitContext,
    fail: (error: unknown) => void,
    { topics = [], lingerMs = 0 }: ProducerOptions,
  ) {
    this.#producer = producer
    this.#held = held
    this.#context = context
    this.#fail = fail
    this.#lingerMs = lingerMs
    this.#faults = new TopicFaults(context)
    const ask = async (asked: TrackedTopic[]) =>
      (await producer.sendBatch({ acks: -1, topicMessages: asked })) as unknown as WriteRights
    this.#rights = new RightsCheck(ask, topics, this.#faults, context)
  }

  /**
   * Connects, waiting as long as that takes, and checks the write rights.
   * @param fail called for a fault that waiting does not fix; it must end the process.
   */
  static async open(
    kafka: Kafka,
    context: WaitContext,
    fail: (error: unknown) => void,
    options: ProducerOptions = {},
  ): Promise<BatchingProducer> {
    const held = new HeldRecords()
    const producer = kafka.producer({
      allowAutoTopicCreation: false,
      createPartitioner: partitioner(held, context.clock.random),
      // Failed records are retried here, beside the others.
      retry: { retries: 0 },
    })
    await retryUntilDone('kafka producer', context, () => producer.connect())
    const opened = new BatchingProducer(producer, held, context, fail, options)
    await opened.#rights.begin()
    return opened
  }

  /** Bytes of all records that Kafka has not acknowledged yet. */
  get bufferedBytes(): number {
    return this.#bufferedBytes
  }

  /**
   * Whether Kafka accepts records of these topics, as far as known: false while one is forbidden, missing or refuses
   * records.
   */
  takes(topics: readonly string[]): boolean {
    return !this.#faults.concerns(topics)
  }

  /** Why Kafka does not accept records of this topic at present; null if nothing is known against it. */
  faultOf(topic: string): string | null {
    return this.#faults.reasonOf(topic)
  }

  /** Resolves once all in-sync replicas have the record (acks -1). @throws RecordRefused. */
  send(record: OutgoingRecord): Promise<Acknowledged> {
    return new Promise((resolve, reject) => this.enqueue(record, resolve, reject))
  }

  /**
   * Like send, without a promise per record. An error thrown by a callback ends the process.
   * @param acknowledged called once all in-sync replicas have the record, in the order of enqueueing within a
   * partition.
   */
  enqueue(
    { topic, key, value, partition, headers, whileForbidden = 'wait', isLast = false }: OutgoingRecord,
    acknowledged: (ack: Acknowledged) => void,
    refused: (error: RecordRefused) => void,
  ): void {
    const message: TrackedMessage = { key, value }
    if (partition !== undefined) message.partition = partition
    if (headers !== undefined) message.headers = headers
    const bytes = recordOverheadBytes + (key?.length ?? 0) + (value?.length ?? 0)
    this.#bufferedBytes += bytes
    this.#queue.push({ topic, message, bytes, whileForbidden, isLast, acknowledged, refused })
    this.#sending ??= this.#sendAll()
    if (!this.#held.isEmpty) this.#comes.abort()
  }

  /** Waits for all records, then disconnects. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#sending
    await this.#rights[Symbol.asyncDispose]()
    await this.#producer.disconnect()
  }

  async #sendAll(): Promise<void> {
    try {
      while (this.#queue.length > 0 || !this.#held.isEmpty) {
        if (this.#queue.length > 0) await this.#linger()
        const batch = this.#takeBatch()
        if (batch.length > 0) await this.#sendBatch(batch)
        else await this.#untilDue()
      }
    } catch (error) {
      this.#fail(error)
    }
    this.#sending = undefined
  }

  /** Records enqueued in the same turn of the event loop always share a batch. */
  #linger(): Promise<void> {
    return new Promise((resolve) => {
      if (this.#lingerMs > 0 && this.#bufferedBytes < batchBytes) setTimeout(resolve, this.#lingerMs)
      else setImmediate(resolve)
    })
  }

  async #untilDue(): Promise<void> {
    const { clock } = this.#context
    this.#comes = new AbortController()
    await clock.sleep(Math.max(1, this.#held.dueMs - clock.monotonicMs()), this.#comes.signal)
  }

  #takeBatch(): WaitingRecord[] {
    if (this.#held.isEmpty) return this.#takeQueued(0)
    this.#queue = this.#held.divert(this.#queue)
    // Half of the batch, so that held records do not delay the others either.
    const due = this.#held.takeDue(this.#context.clock.monotonicMs(), batchBytes / 2)
    return [...due, ...this.#takeQueued(due.reduce((sum, { bytes }) => sum + bytes, 0))]
  }

  #takeQueued(takenBytes: number): WaitingRecord[] {
    let bytes = takenBytes
    let count = 0
    for (const waiting of this.#queue) {
      bytes += waiting.bytes
      if (bytes > batchBytes && (count > 0 || takenBytes > 0)) break
      count++
    }
    const batch = this.#queue.slice(0, count)
    this.#queue = this.#queue.slice(count)
    return batch
  }

  async #sendBatch(batch: WaitingRecord[]): Promise<void> {
    try {
      await this.#producer.sendBatch({ acks: -1, topicMessages: byTopic(batch) })
    } catch (error) {
      // An error thrown before anything was sent is the fault of each record.
      for (const { message } of batch)
        if (message.offset === undefined && !message.waits) message.fault ??= error as SendFault
      return this.#sortOut(batch)
    }
    if (!this.#held.isEmpty) return this.#sortOut(batch)
    for (const waiting of batch) this.#settle(waiting)
  }

  #sortOut(batch: WaitingRecord[]): void {
    const { settled, faults, recovered } = this.#held.sortOut(batch, this.#context.clock.monotonicMs())
    for (const { topic, place, fault, failures } of faults) {
      this.#faults.add(topic, place, fault, failures)
      if (classifyFault(fault) === 'forbidden') this.#rights.checkUntilAllowed()
    }
    for (const { topic, place } of recovered) this.#faults.remove(topic, place)
    for (const waiting of settled) this.#settle(waiting)
  }

  #settle({ topic, message, bytes, refusal, acknowledged, refused }: WaitingRecord): void {
    this.#bufferedBytes -= bytes
    if (refusal) {
      const { clock } = this.#context
      return refused(new RecordRefused(describeFault(topic, message.fault, clock.nowMs()), refusal))
    }
    if (message.offset === undefined) throw new Error('a record without a result')
    acknowledged({ offset: message.offset })
  }
}

function byTopic(batch: WaitingRecord[]): TrackedTopic[] {
  const topics = new Map<string, TrackedMessage[]>()
  for (const { topic, message } of batch) {
    const messages = topics.get(topic)
    if (messages) messages.push(message)
    else topics.set(topic, [message])
  }
  return [...topics].map(([topic, messages]) => ({ topic, messages }))
}
