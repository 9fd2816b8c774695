import { setImmediate as turnEnded } from 'node:timers/promises'
import type { Consumer, EachBatchPayload, Kafka, KafkaMessage, PartitionAssigner } from 'kafkajs'
import type { Logger } from '../log.ts'
import { retryUntilDone, type WaitContext } from '../retry-until.ts'
import { PartitionAssigners } from './kafkajs.ts'

export type ConsumedRecord = {
  topic: string
  partition: number
  offset: number
  key: Buffer | null
  value: Buffer | null
  headers: KafkaMessage['headers']
  /** Milliseconds since the epoch. */
  timestampMs: number
}

/** The partitions that the group gave to this instance; work is tagged with it, and an old one commits nothing. */
export type Assignment = {
  /** Topic -> partition numbers. */
  readonly partitions: ReadonlyMap<string, readonly number[]>
  readonly current: boolean
  /** Whether this instance is a new member of the group: others may have had its partitions meanwhile. */
  readonly fresh: boolean
}

export type RecordBatch = {
  topic: string
  partition: number
  records: ConsumedRecord[]
  /** Offset that the partition's next record will get. */
  highWatermark: number
  /** Where the next fetch goes on when all records are taken: behind the last one, and behind what no reader sees there. */
  nextOffset: number
  assignment: Assignment
}

/** What a member held before it joins again: see coPartitionAssigner. */
export type Held = { memberId: string; partitions: ReadonlyMap<string, readonly number[]> }

export type Commit = { topic: string; partition: number; offset: number; metadata?: string }

export type ConsumerOptions = {
  groupId: string
  topics: string[]
  sessionTimeoutMs: number
  /** Longest wait of the broker for new records; bounds how late a resumed partition is fetched. */
  maxWaitMs: number
  /** The broker answers sooner once it has so many bytes; 1 when not given. */
  minBytes?: number
  /** Of one answer of the broker, unless its first batch is larger. */
  maxBytes?: number
  /** Of one partition in it; as large as a batch can be when not given. */
  maxBytesPerPartition?: number
  /** The rule that shares partitions out; round robin when not given. */
  assigner?: (held: () => Held) => PartitionAssigner
  /** Called at every (re)assignment, before its first batch: nothing is paused, and a seek or pause acts on the first fetch. */
  onAssigned?: (assignment: Assignment, consumer: GroupConsumer) => void
  /**
   * Called with each batch, one at a time a partition.
   * @returns how many of the records were taken, from the first: the rest comes again, at once or after resume().
   */
  onBatch: (batch: RecordBatch) => number | Promise<number>
  /** Called when a fetch brought only what no reader sees (markers of transactions, aborted records): no batch comes of it. */
  onPassed?: (passed: { topic: string; partition: number; nextOffset: number }) => void
  /** For a fault that no waiting mends; must end the process. */
  fail: (error: unknown) => void
}

/** The broker's max.message.bytes: what is larger than a partition's part of a fetch comes of the first partition only. */
const maxBatchBytes = 1_048_576
/** Of one fetch, where not given: what it brings waits in memory, and kafkajs holds it twice meanwhile. */
const defaultMaxBytes = 1_048_576
/**
 * For the only member of a group, whom nobody waits for, and which pauses nothing: heartbeats go out between fetches, and
 * each fetch of an idle consumer takes 1 ms of CPU here and as much of the broker's.
 */
export const loneMember = { sessionTimeoutMs: 30_000, maxWaitMs: 5_000 } as const
/** Heartbeats go out at least this often while onBatch is waited for. */
const heartbeatMs = 2_000

/**
 * A member of a consumer group that reads from the beginning where nothing is committed, commits only what it is told to,
 * and only of the current assignment. kafkajs restarts itself after connection faults; any other crash is fatal.
 */
export class GroupConsumer implements AsyncDisposable {
  readonly #consumer: Consumer
  readonly #options: ConsumerOptions
  readonly #log: Logger
  readonly #stopping: AbortSignal | undefined
  #assignment: { partitions: Map<string, number[]>; current: boolean; fresh: boolean } = {
    partitions: new Map(),
    current: false,
    fresh: true,
  }
  #memberId = ''

  private constructor(kafka: Kafka, options: ConsumerOptions, { log, stopping }: WaitContext) {
    this.#options = options
    this.#log = log
    this.#stopping = stopping
    const held = () => ({ memberId: this.#memberId, partitions: this.#assignment.partitions })
    this.#consumer = kafka.consumer({
      groupId: options.groupId,
      sessionTimeout: options.sessionTimeoutMs,
      rebalanceTimeout: Math.max(options.sessionTimeoutMs, 20_000),
      heartbeatInterval: Math.min(heartbeatMs, options.sessionTimeoutMs / 3),
      maxWaitTimeInMs: options.maxWaitMs,
      minBytes: options.minBytes ?? 1,
      maxBytesPerPartition: options.maxBytesPerPartition ?? maxBatchBytes,
      maxBytes: options.maxBytes ?? defaultMaxBytes,
      allowAutoTopicCreation: false,
      partitionAssigners: [options.assigner?.(held) ?? PartitionAssigners.roundRobin],
      retry: { retries: 5, initialRetryTime: 300, maxRetryTime: 5_000 },
    })
  }

  /** Joins the group, however long it takes until Kafka can be reached. */
  static async open(kafka: Kafka, options: ConsumerOptions, context: WaitContext): Promise<GroupConsumer> {
    const self = new GroupConsumer(kafka, options, context)
    const consumer = self.#consumer
    self.#watch(context)
    await retryUntilDone('kafka consumer', context, async () => {
      await consumer.connect()
      await consumer.subscribe({ topics: options.topics, fromBeginning: true })
    })
    await consumer.run({
      autoCommit: false,
      eachBatchAutoResolve: false,
      eachBatch: (payload) => self.#eachBatch(payload),
    })
    return self
  }

  get assignment(): Assignment {
    return this.#assignment
  }

  /** Commits next offsets of the assignment. @returns false when it is no longer the current one: nothing was committed. */
  async commit(assignment: Assignment, commits: Commit[]): Promise<boolean> {
    if (!assignment.current) return false
    if (commits.length === 0) return true
    const offsets = commits.map((commit) => ({ ...commit, offset: String(commit.offset) }))
    await this.#consumer.commitOffsets(offsets)
    return true
  }

  /** Takes effect at the next fetch; forgotten at the next assignment. Nothing happens while there is no current one. */
  pause(topic: string, partition: number): void {
    if (this.#assignment.current) this.#consumer.pause([{ topic, partitions: [partition] }])
  }

  resume(topic: string, partition: number): void {
    if (this.#assignment.current) this.#consumer.resume([{ topic, partitions: [partition] }])
  }

  /** The next batch of the partition begins at the offset; what was fetched from elsewhere is dropped. As for pause otherwise. */
  seek(topic: string, partition: number, offset: number): void {
    if (this.#assignment.current) this.#consumer.seek({ topic, partition, offset: String(offset) })
  }

  /** Leaves the group; batches that are being handled are waited for. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#assignment.current = false
    await this.#consumer.disconnect()
  }

  #watch({ log, health }: WaitContext): void {
    const { groupId, fail, onAssigned, onPassed } = this.#options
    const part = `kafka consumer ${groupId}`
    health.set(part, 'has not joined its group yet')
    this.#consumer.on('consumer.group_join', ({ payload }) => {
      this.#assignment.current = false
      const partitions = new Map(Object.entries(payload.memberAssignment))
      // Pauses belong to the work that asked for them, which ended with the old assignment.
      for (const { topic, partitions: paused } of this.#consumer.paused())
        this.#consumer.resume([{ topic, partitions: paused }])
      this.#assignment = { partitions, current: true, fresh: payload.memberId !== this.#memberId }
      this.#memberId = payload.memberId
      log.info({ groupId, partitions: payload.memberAssignment }, 'partitions assigned')
      health.set(part, null)
      onAssigned?.(this.#assignment, this)
    })
    this.#consumer.on('consumer.end_batch_process', ({ payload: { topic, partition, batchSize, lastOffset } }) => {
      if (batchSize > 0 || !this.#assignment.current) return
      onPassed?.({ topic, partition, nextOffset: Number(lastOffset) + 1 })
    })
    // Comes before a crash is reported: from here on kafkajs throws when it is told to pause, resume or seek.
    this.#consumer.on('consumer.stop', () => {
      this.#assignment.current = false
    })
    this.#consumer.on('consumer.crash', ({ payload: { error, restart } }) => {
      this.#assignment.current = false
      health.set(part, error.message)
      if (!restart) fail(error)
    })
  }

  async #eachBatch({ batch, resolveOffset, heartbeat, isRunning, isStale }: EachBatchPayload): Promise<void> {
    const assignment = this.#assignment
    if (!isRunning() || isStale() || !assignment.current) return
    const { topic, partition, messages } = batch
    const records = messages.map((message) => toRecord(topic, partition, message))
    const highWatermark = Number(batch.highWatermark)
    const nextOffset = Number(batch.lastOffset()) + 1
    const batchOfRecords = { topic, partition, records, highWatermark, nextOffset, assignment }
    const taken = await this.#beating(heartbeat, () => this.#options.onBatch(batchOfRecords))
    const last = messages[taken - 1]
    if (last) resolveOffset(last.offset)
    // What the batch led to is written to its sockets before the next fetch is: that takes kafkajs and the kernel 0.3 ms, and
    // would come first, because undici and BatchingProducer write at the end of the turn.
    await turnEnded()
  }

  /** What a heartbeat reports (a rebalance, a lost connection) kafkajs meets again itself after the batch. */
  async #beating(heartbeat: () => Promise<void>, onBatch: () => number | Promise<number>): Promise<number> {
    let timer: NodeJS.Timeout | undefined
    try {
      const work = onBatch()
      if (typeof work === 'number') return work
      timer = setInterval(() => {
        heartbeat().catch((error: unknown) => this.#log.debug({ err: error }, 'heartbeat failed'))
      }, heartbeatMs)
      return await work
    } catch (error) {
      // kafkajs would start itself again and hand over the same batch, for ever: a bug ends the process instead.
      if (!this.#stopping?.aborted) this.#options.fail(error)
      throw error
    } finally {
      clearInterval(timer)
    }
  }
}

function toRecord(topic: string, partition: number, message: KafkaMessage): ConsumedRecord {
  const { offset, key, value, headers, timestamp } = message
  return { topic, partition, offset: Number(offset), key, value, headers, timestampMs: Number(timestamp) }
}
