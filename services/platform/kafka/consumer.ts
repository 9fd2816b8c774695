import { setImmediate as turnEnded } from 'node:timers/promises'
import type { Consumer, EachBatchPayload, Kafka, KafkaMessage } from 'kafkajs'
import type { Logger } from '../runtime/log.ts'
import { retryUntilDone, type WaitContext } from '../runtime/retry-until.ts'
import { type ConsumerOptions, consumerConfig, heartbeatMs } from './consumer-options.ts'
import { type Commit, type CommitResult, GroupCommits } from './group-commits.ts'
import { PartitionAssigners } from './kafkajs-patches/kafkajs.ts'
import type { KafkajsCluster } from './kafkajs-patches/kafkajs-inside.ts'
import { type Membership, registerMembership } from './kafkajs-patches/membership.ts'
import { LogIds } from './log-ids.ts'
import { ReadDenials } from './security/read-denials.ts'

export type { Commit, CommitResult } from './group-commits.ts'

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

/**
 * Partitions that the group assigned to this instance. Work is tagged with its assignment, and an outdated one commits
 * nothing.
 */
export type Assignment = {
  /** Topic -> partition numbers. */
  readonly partitions: ReadonlyMap<string, readonly number[]>
  readonly current: boolean
  /**
   * Whether other members may have had these partitions meanwhile: true for a new member, or one that missed a
   * generation.
   */
  readonly fresh: boolean
}

export type RecordBatch = {
  topic: string
  partition: number
  records: ConsumedRecord[]
  /** Offset that the partition's next record will get. */
  highWatermark: number
  /** Offset of the next fetch once all records are taken: after the last record, and after records that consumers never get, such as markers of transactions. */
  nextOffset: number
  assignment: Assignment
}

/** Partitions that a member held before it rejoins; see coPartitionAssigner. */
export type HeldPartitions = { memberId: string; partitions: ReadonlyMap<string, readonly number[]> }

/**
 * A member of a consumer group. It reads from the beginning where nothing is committed, and commits only explicitly and
 * only for the current assignment. kafkajs restarts itself after connection faults. Any other crash is fatal, and so is
 * a log that has been replaced (log-ids.ts).
 */
export class GroupConsumer implements AsyncDisposable {
  readonly #consumer: Consumer
  readonly #options: ConsumerOptions
  readonly #log: Logger
  readonly #stopping: AbortSignal | undefined
  readonly #membership: Membership
  readonly #commits: GroupCommits
  readonly #denials: ReadDenials
  #assignment: { partitions: Map<string, number[]>; current: boolean; fresh: boolean } = {
    partitions: new Map(),
    current: false,
    fresh: true,
  }
  /** A crash after stopping began. */
  #crash: Error | undefined
  #memberId = ''
  #generation = -1

  private constructor(kafka: Kafka, options: ConsumerOptions, context: WaitContext) {
    const { log, stopping } = context
    const denials = new ReadDenials(partOf(options), context)
    this.#options = options
    this.#denials = denials
    this.#commits = new GroupCommits(options.groupId, (topic) => this.findLogId(topic), context)
    this.#log = log
    this.#stopping = stopping
    this.#membership = {
      logIds: new LogIds(options.logIds),
      log,
      isClosing: false,
      stopping,
      group: null,
      onStart: options.onStart,
      onDenied: (reason) => denials.add(reason),
      fail: options.fail,
    }
    const held = () => ({ memberId: this.#memberId, partitions: this.#assignment.partitions })
    this.#consumer = kafka.consumer({
      ...consumerConfig(options),
      partitionAssigners: [
        (made) => {
          registerMembership(made.cluster as unknown as KafkajsCluster, this.#membership)
          return (options.assigner?.(held) ?? PartitionAssigners.roundRobin)(made)
        },
      ],
    })
  }

  /** Joins the group, waiting until Kafka can be reached. */
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
    if (self.#crash) throw self.#crash
    return self
  }

  get assignment(): Assignment {
    return this.#assignment
  }

  /** The topic's id (KIP-516), to be stored with its offsets; null where the broker provides none. */
  findLogId(topic: string): string | null {
    return this.#membership.logIds.of(topic)
  }

  /** Commits next offsets of the assignment, once and under its own generation. Logs a failure. */
  async commit(assignment: Assignment, commits: Commit[]): Promise<CommitResult> {
    return assignment.current ? this.#commits.send(commits) : 'outdated'
  }

  /** Takes effect at the next fetch; lost at the next assignment. Does nothing while no assignment is current. */
  pause(topic: string, partition: number): void {
    if (this.#assignment.current) this.#consumer.pause([{ topic, partitions: [partition] }])
  }

  resume(topic: string, partition: number): void {
    if (this.#assignment.current) this.#consumer.resume([{ topic, partitions: [partition] }])
  }

  /**
   * Sets the offset at which the partition's next batch begins and drops anything fetched from elsewhere. Otherwise
   * like pause.
   */
  seek(topic: string, partition: number, offset: number): void {
    if (this.#assignment.current) this.#consumer.seek({ topic, partition, offset: String(offset) })
  }

  /** Leaves the group after the batches in progress have ended. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#assignment.current = false
    this.#membership.isClosing = true
    await this.#consumer.disconnect()
  }

  #watch({ log, readiness }: WaitContext): void {
    const { groupId, fail, onAssigned, onPassed } = this.#options
    const part = partOf(this.#options)
    readiness.set(part, 'has not joined its group yet')
    this.#consumer.on('consumer.fetch', () => this.#denials.onFetch())
    this.#consumer.on('consumer.group_join', ({ payload }) => {
      this.#assignment.current = false
      const partitions = new Map(Object.entries(payload.memberAssignment))
      // Pauses belong to work of the old assignment, which has ended.
      for (const { topic, partitions: paused } of this.#consumer.paused())
        this.#consumer.resume([{ topic, partitions: paused }])
      const { group } = this.#membership
      if (!group) throw new Error('joined a group that was not registered')
      // Other members had its partitions in a generation that this member missed.
      const fresh = payload.memberId !== this.#memberId || group.generationId !== this.#generation + 1
      this.#assignment = { partitions, current: true, fresh }
      this.#memberId = payload.memberId
      this.#generation = group.generationId
      this.#commits.pin(group)
      log.info({ groupId, partitions: payload.memberAssignment }, 'partitions assigned')
      readiness.set(part, null)
      onAssigned?.(this.#assignment, this)
    })
    this.#consumer.on('consumer.end_batch_process', ({ payload: { topic, partition, batchSize, lastOffset } }) => {
      if (batchSize > 0 || !this.#assignment.current) return
      onPassed?.({ topic, partition, nextOffset: Number(lastOffset) + 1 })
    })
    // Sent before a crash is reported. From here on kafkajs throws on pause, resume and seek.
    this.#consumer.on('consumer.stop', () => {
      this.#assignment.current = false
    })
    this.#consumer.on('consumer.crash', ({ payload: { error, restart } }) => {
      this.#assignment.current = false
      readiness.set(part, error.message)
      if (this.#stopping?.aborted) this.#crash = error
      else if (!restart) fail(error)
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
    // Lets the batch's results be written to their sockets before the next fetch. That fetch takes kafkajs and the
    // kernel 0.3 ms and would otherwise come first, because BatchingProducer writes at the end of the turn.
    await turnEnded()
  }

  /**
   * Calls onBatch and sends heartbeats while it is awaited. Failures of heartbeats are only logged: kafkajs meets the same
   * condition (a rebalance, a lost connection) itself after the batch.
   */
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
      // kafkajs would restart and hand over the same batch forever, so a bug ends the process instead.
      if (!this.#stopping?.aborted) this.#options.fail(error)
      throw error
    } finally {
      clearInterval(timer)
    }
  }
}

/** Name of the consumer in readiness. */
function partOf({ groupId }: ConsumerOptions): string {
  return `kafka consumer ${groupId}`
}

function toRecord(topic: string, partition: number, message: KafkaMessage): ConsumedRecord {
  const { offset, key, value, headers, timestamp } = message
  return { topic, partition, offset: Number(offset), key, value, headers, timestampMs: Number(timestamp) }
}
