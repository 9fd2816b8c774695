import { stampMetadata } from '../../commit-metadata.ts'
import { RecurringFault } from '../../runtime/recurring-fault.ts'
import type { WaitContext } from '../../runtime/retry-until.ts'
import type { Kafka } from '../client.ts'
import type { Assignment, Commit, CommitResult } from '../consumer.ts'
import { openReader } from '../readers/open-reader.ts'
import { ReaderFaults } from '../readers/reader-faults.ts'
import type { FetchedBatch } from '../readers/reading.ts'
import type { Cluster } from '../wire/cluster.ts'
import { countExisting } from '../wire/count-partitions.ts'
import { KafkaFault } from '../wire/kafka-fault.ts'
import { roundRobin } from './assigners.ts'
import type { GroupConsumerOptions } from './group-consumer-options.ts'
import { GroupCoordinator } from './group-coordinator.ts'
import { GroupMember, type MemberAssignment } from './group-member.ts'
import { PartitionControls } from './partition-controls.ts'
import { fetchExtents, type PartitionStart, startPositions } from './start-positions.ts'

/** Interval of heartbeats, and the longest time until a member learns that its group rebalances. */
const heartbeatMs = 500
/** Heartbeats within a session of a member that is alone: two may be lost. */
const aloneHeartbeats = 3
const shortestRebalanceMs = 20_000
const pauseMs = 250
const noAssignment: MemberAssignment = {
  partitions: new Map(),
  memberId: '',
  generation: -1,
  current: false,
  fresh: true,
}

/**
 * A member of a consumer group with the partitions that it reads. It reads from the beginning where nothing is
 * committed, and commits only explicitly and only for the current assignment. It waits for brokers and for missing
 * rights. Whatever else ends its membership ends the process, and so does a log that has been replaced (log-ids.ts).
 */
export class GroupConsumer implements AsyncDisposable {
  readonly #cluster: Cluster
  readonly #options: GroupConsumerOptions
  readonly #context: WaitContext
  readonly #faults: ReaderFaults
  readonly #commitFaults: RecurringFault
  readonly #coordinator: GroupCoordinator
  readonly #controls = new PartitionControls()
  readonly #closed = new AbortController()
  readonly #handling = new Set<Promise<unknown>>()
  readonly #joined = Promise.withResolvers<void>()
  readonly #logIds = new Map<string, string>()
  #member: GroupMember | undefined
  #assignment = noAssignment

  private constructor(cluster: Cluster, options: GroupConsumerOptions, context: WaitContext) {
    const { groupId, topics, sessionTimeoutMs, instanceId = '' } = options
    this.#cluster = cluster
    this.#options = options
    this.#context = context
    this.#faults = new ReaderFaults(readinessPart(options), context)
    this.#commitFaults = new RecurringFault(context, 'commit failed, the next one makes up for it', { groupId })
    const rebalanceTimeoutMs = Math.max(sessionTimeoutMs, shortestRebalanceMs)
    const group = { groupId, topics, sessionTimeoutMs, rebalanceTimeoutMs, instanceId: instanceId || null }
    this.#coordinator = new GroupCoordinator(cluster, group)
  }

  /** Joins the group, waiting until Kafka can be reached. @throws when stopping begins before. */
  static async open(kafka: Kafka, options: GroupConsumerOptions, context: WaitContext): Promise<GroupConsumer> {
    const { readiness, stopping } = context
    const self = new GroupConsumer(kafka.cluster, options, context)
    readiness.set(readinessPart(options), 'has not joined its group yet')
    const reader = await openReader(
      kafka,
      `kafka reader of ${options.groupId}`,
      {
        ...options,
        onBatch: (batch) => self.#take(batch),
        onMorePartitions: () => self.#member?.rejoin(),
        fail: (error) => self.#fail(error),
      },
      context,
    )
    self.#controls.reader = reader
    self.#member = self.#join()
    const stop = () => self.#joined.reject(new Error(`${readinessPart(options)} was stopped before it had joined`))
    if (stopping?.aborted) stop()
    stopping?.addEventListener('abort', stop, { once: true })
    try {
      await self.#joined.promise
      return self
    } catch (error) {
      await self[Symbol.asyncDispose]()
      throw error
    } finally {
      stopping?.removeEventListener('abort', stop)
    }
  }

  get assignment(): Assignment {
    return this.#assignment
  }

  /** Whether other members may have its partitions: no heartbeat was answered for a session, or the process stood still. */
  get isSilent(): boolean {
    return this.#member?.checkSession() === 'silent'
  }

  /** The topic's id (KIP-516), which is stored with its offsets; null before a partition of it was assigned. */
  findLogId(topic: string): string | null {
    return this.#logIds.get(topic) ?? null
  }

  /** Commits next offsets of the assignment, once and under its own generation. Logs a failure. */
  async commit(assignment: Assignment, commits: Commit[]): Promise<CommitResult> {
    const current = this.#assignment
    if (assignment !== current || !current.current) return 'outdated'
    if (commits.length === 0) return 'committed'
    const stamped = commits.map(({ metadata = '', ...commit }) => ({
      ...commit,
      metadata: stampMetadata(this.findLogId(commit.topic), commit.offset, metadata),
    }))
    try {
      return (await this.#member?.commit(current, stamped)) ?? 'outdated'
    } catch (error) {
      if (!(error instanceof KafkaFault)) throw error
      this.#commitFaults.report({ err: error })
      return 'failed'
    }
  }

  /** Stops fetching; what has been fetched is dropped. Lost at the next assignment. */
  pause(topic: string, partition: number): void {
    if (this.#assignment.current) this.#controls.pause(topic, partition)
  }

  resume(topic: string, partition: number): void {
    if (this.#assignment.current) this.#controls.resume(topic, partition)
  }

  /** Sets the offset at which the partition's next batch begins, and drops anything fetched from elsewhere. */
  seek(topic: string, partition: number, offset: number): void {
    if (this.#assignment.current) this.#controls.seek(topic, partition, offset)
  }

  /** Leaves the group after the batches in progress have ended. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed.abort()
    this.#assignment.current = false
    this.#controls.stop()
    await Promise.allSettled(this.#handling)
    await this.#member?.[Symbol.asyncDispose]()
    await this.#controls.reader?.[Symbol.asyncDispose]()
  }

  #join(): GroupMember {
    const { groupId, topics, sessionTimeoutMs, instanceId = '', assigner = roundRobin } = this.#options
    const fail = (error: unknown) => this.#fail(error)
    return new GroupMember(
      this.#coordinator,
      {
        topics,
        protocol: assigner.protocol,
        userData: (memberId) => assigner.userData({ memberId, partitions: this.#assignment.partitions }),
        assign: async (members) => assigner.assign(await countExisting(this.#cluster, topics), members),
        sessionTimeoutMs,
        heartbeatMs,
        aloneHeartbeatMs: Math.max(heartbeatMs, sessionTimeoutMs / aloneHeartbeats),
        onAssigned: (assignment) => void this.#begin(assignment).catch(fail),
        beforeRejoin: this.#options.onRebalance,
        onLost: () => this.#controls.stop(),
        onSilence: (isSilent) => this.#controls.hold(isSilent),
        onFault: (fault) => this.#faults.report(`group ${groupId}`, fault),
        clock: this.#context.clock,
        fail,
      },
      instanceId === '',
    )
  }

  async #begin(assignment: MemberAssignment): Promise<void> {
    const { groupId, topics, fetched = topics, onAssigned, onStart } = this.#options
    const { log, readiness } = this.#context
    this.#assignment = assignment
    this.#controls.stop()
    await Promise.allSettled(this.#handling)
    if (!assignment.current) return
    log.info({ groupId, partitions: Object.fromEntries(assignment.partitions) }, 'partitions assigned')
    readiness.set(readinessPart(this.#options), null)
    onAssigned?.(assignment, this)
    this.#joined.resolve()
    const starts = await this.#findStarts(assignment)
    if (!assignment.current) return
    for (const start of starts) onStart?.(start)
    this.#controls.start(starts.filter(({ topic }) => fetched.includes(topic)))
  }

  /** Waits until Kafka answers. */
  async #findStarts(assignment: MemberAssignment): Promise<PartitionStart[]> {
    const { partitions } = assignment
    const place = `commits of ${this.#options.groupId}`
    for (;;)
      try {
        const commits = await this.#coordinator.commits(partitions)
        // After the commits: otherwise the group could seem to have committed beyond the end.
        const extents = await fetchExtents(this.#cluster, partitions)
        for (const [topic, ofTopic] of extents)
          for (const { logId } of ofTopic.values()) if (logId !== null) this.#logIds.set(topic, logId)
        this.#faults.report(place, null)
        return startPositions(extents, commits, this.#context.log)
      } catch (error) {
        if (!(error instanceof KafkaFault)) throw error
        this.#faults.report(place, error)
        await this.#context.clock.sleep(pauseMs, this.#closed.signal)
        if (!assignment.current || this.#closed.signal.aborted) return []
      }
  }

  #take(batch: FetchedBatch): number | Promise<number> {
    const assignment = this.#assignment
    if (!assignment.current || this.isSilent) return 0
    const taken = this.#options.onBatch({ ...batch, assignment })
    if (typeof taken === 'number') return taken
    const handling = taken.catch((error: unknown) => {
      this.#fail(error)
      this.#controls.pause(batch.topic, batch.partition)
      return 0
    })
    this.#handling.add(handling)
    void handling.finally(() => this.#handling.delete(handling))
    return handling
  }

  /** Errors after stopping has begun are no faults: everything that waits is given up then. */
  #fail(error: unknown): void {
    this.#joined.reject(error)
    if (!this.#context.stopping?.aborted) this.#options.fail(error)
  }
}

/** Name of the member in readiness. */
function readinessPart({ groupId }: GroupConsumerOptions): string {
  return `kafka consumer ${groupId}`
}
