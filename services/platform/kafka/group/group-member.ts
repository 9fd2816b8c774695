import {
  type Connection,
  decodeConsumerProtocolAssignment,
  decodeConsumerProtocolSubscription,
  encodeConsumerProtocolAssignment,
  encodeConsumerProtocolSubscription,
  findCoordinatorV4,
  heartbeatV4,
  joinGroupV9,
  leaveGroupV5,
  offsetCommitV8,
  syncGroupV5,
} from '@platformatic/kafka'
import type { Clock } from '../../runtime/clock.ts'
import type { Cluster } from '../wire/cluster.ts'
import { faultOfCode, faultOfError, KafkaFault, takeResponse } from '../wire/kafka-fault.ts'

/** Topic -> its partition numbers. */
export type Shares = ReadonlyMap<string, readonly number[]>

/** Work is tagged with the assignment it came from: commits go out under its generation. */
export type MemberAssignment = { partitions: Shares; memberId: string; generation: number; current: boolean }

export type OffsetToCommit = { topic: string; partition: number; offset: number; metadata: string }

export type GroupMemberOptions = {
  groupId: string
  topics: string[]
  /** Name of the assignment protocol, which all members share. */
  protocol: string
  /** What this member tells the group's leader when it joins. */
  userData: (memberId: string) => Buffer
  /** Called when this member leads the group. */
  assign: (members: { memberId: string; userData: Buffer }[]) => Promise<Map<string, Shares>>
  sessionTimeoutMs: number
  rebalanceTimeoutMs: number
  heartbeatMs: number
  /** Name that outlives the process (KIP-345): who joins under it again within the session gets its partitions back. */
  instanceId?: string
  onAssigned: (assignment: MemberAssignment) => void
  clock: Clock
  /** Called for a fault that waiting does not fix; must end the process. */
  fail: (error: unknown) => void
}

const protocolType = 'consumer'
const ofGroups = 0
const pauseMs = 250
const codes = { none: 0, illegalGeneration: 22, unknownMember: 25, rebalance: 27, memberIdRequired: 79 } as const
const coordinatorMoved = ['NOT_COORDINATOR', 'COORDINATOR_NOT_AVAILABLE', 'COORDINATOR_LOAD_IN_PROGRESS']

/**
 * A member of a consumer group, by the classic protocol. It only keeps its membership; reading is the business of a
 * PartitionReader. JoinGroup, which waits for all members, has a connection of its own, so that nothing else waits
 * with it.
 */
export class GroupMember implements AsyncDisposable {
  readonly #cluster: Cluster
  readonly #options: GroupMemberOptions
  readonly #closed = new AbortController()
  readonly #ended: Promise<void>
  #memberId = ''
  #coordinator: number | undefined
  #assignment: MemberAssignment | undefined
  #answeredMs = 0
  #joining: Connection | undefined
  /** Whether the group is told at the end; a member with an instance id may come back instead. */
  leavesAtEnd: boolean

  constructor(cluster: Cluster, options: GroupMemberOptions) {
    this.#cluster = cluster
    this.#options = options
    this.leavesAtEnd = options.instanceId === undefined
    this.#ended = this.#run().catch(options.fail)
  }

  /** Commits once, under the assignment's own generation, so that an outdated one commits nothing. */
  async commit(assignment: MemberAssignment, offsets: OffsetToCommit[]): Promise<'committed' | 'outdated' | 'failed'> {
    const topics = [...Map.groupBy(offsets, ({ topic }) => topic)].map(([name, ofTopic]) => ({
      name,
      partitions: ofTopic.map(({ partition, offset, metadata }) => ({
        partitionIndex: partition,
        committedOffset: BigInt(offset),
        committedLeaderEpoch: -1,
        committedMetadata: metadata,
      })),
    }))
    const { groupId, instanceId = null } = this.#options
    const { generation, memberId } = assignment
    try {
      const connection = await this.#connect('group')
      const asked = offsetCommitV8.api.async(connection, groupId, generation, memberId, instanceId, topics)
      const answer = await asked.catch(takeResponse<Awaited<typeof asked>>)
      const errors = answer.topics.flatMap(({ partitions }) => partitions.map(({ errorCode }) => errorCode))
      if (errors.every((code) => code === codes.none)) return 'committed'
      return errors.includes(codes.illegalGeneration) || errors.includes(codes.unknownMember) ? 'outdated' : 'failed'
    } catch (error) {
      if (!(faultOfError(error, 'commit') instanceof KafkaFault)) throw error
      return 'failed'
    }
  }

  /** Leaves the group unless it may come back. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed.abort()
    this.#lose()
    if (this.leavesAtEnd && this.#memberId !== '') {
      const { groupId, instanceId = null } = this.#options
      const leaving = this.#connect('group').then((connection) =>
        leaveGroupV5.api.async(connection, groupId, [{ memberId: this.#memberId, groupInstanceId: instanceId }]),
      )
      // A group that does not hear of it notices by the session.
      await leaving.catch(() => undefined)
    }
    if (this.#joining) await this.#joining.close()
    await this.#ended
  }

  async #run(): Promise<void> {
    while (!this.#closed.signal.aborted) {
      try {
        if (!this.#assignment?.current) await this.#join()
        await this.#options.clock.sleep(this.#options.heartbeatMs, this.#closed.signal)
        if (!this.#closed.signal.aborted) await this.#heartbeat()
      } catch (error) {
        const fault = faultOfError(error, `group ${this.#options.groupId}`)
        if (this.#closed.signal.aborted) return
        if (!(fault instanceof KafkaFault) || fault.kind === 'final') throw fault
        if (fault.kind === 'connection' || coordinatorMoved.includes(fault.type ?? '')) this.#coordinator = undefined
        // Others may own the partitions once the session is over.
        if (this.#options.clock.monotonicMs() - this.#answeredMs > this.#options.sessionTimeoutMs) this.#lose()
        await this.#options.clock.sleep(pauseMs, this.#closed.signal)
      }
    }
  }

  async #join(): Promise<void> {
    const { groupId, topics, protocol, sessionTimeoutMs, rebalanceTimeoutMs, instanceId = null } = this.#options
    const metadata = () =>
      encodeConsumerProtocolSubscription({ version: 0, topics, userData: this.#options.userData(this.#memberId) })
    this.#joining = await this.#connect('join', rebalanceTimeoutMs + 5_000)
    const asked = joinGroupV9.api.async(
      this.#joining,
      groupId,
      sessionTimeoutMs,
      rebalanceTimeoutMs,
      this.#memberId,
      instanceId,
      protocolType,
      [{ name: protocol, metadata: metadata() }],
    )
    const joined = await asked.catch(takeResponse<Awaited<typeof asked>>)
    if (joined.errorCode === codes.memberIdRequired) {
      this.#memberId = joined.memberId
      return this.#join()
    }
    if (this.#mustRejoin(joined.errorCode)) return
    this.#memberId = joined.memberId
    const isLeader = joined.leader === joined.memberId && !joined.skipAssignment
    const assignments = isLeader ? await this.#assign(joined.members) : []
    const syncing = syncGroupV5.api.async(
      this.#joining,
      groupId,
      joined.generationId,
      joined.memberId,
      instanceId,
      protocolType,
      protocol,
      assignments,
    )
    const synced = await syncing.catch(takeResponse<Awaited<typeof syncing>>)
    this.#joining = undefined
    if (this.#mustRejoin(synced.errorCode)) return
    this.#answeredMs = this.#options.clock.monotonicMs()
    const shares = decodeConsumerProtocolAssignment(synced.assignment).assignedPartitions
    const partitions = new Map(shares.map(({ topic, partitions: numbers }) => [topic, numbers]))
    this.#assignment = { partitions, memberId: joined.memberId, generation: joined.generationId, current: true }
    if (!this.#closed.signal.aborted) this.#options.onAssigned(this.#assignment)
  }

  async #assign(members: { memberId: string; metadata: Buffer }[]) {
    const joined = members.map(({ memberId, metadata }) => ({
      memberId,
      userData: decodeConsumerProtocolSubscription(metadata).userData,
    }))
    const shares = await this.#options.assign(joined)
    return [...shares].map(([memberId, partitions]) => ({
      memberId,
      assignment: encodeConsumerProtocolAssignment({
        version: 0,
        assignedPartitions: [...partitions].map(([topic, numbers]) => ({ topic, partitions: [...numbers] })),
        userData: Buffer.alloc(0),
      }),
    }))
  }

  async #heartbeat(): Promise<void> {
    if (!this.#assignment) return
    const { groupId, instanceId = null } = this.#options
    const { generation, memberId } = this.#assignment
    const connection = await this.#connect('group')
    const asked = heartbeatV4.api.async(connection, groupId, generation, memberId, instanceId)
    const { errorCode } = await asked.catch(takeResponse<Awaited<typeof asked>>)
    if (!this.#mustRejoin(errorCode)) this.#answeredMs = this.#options.clock.monotonicMs()
  }

  /** Whether the answer means to join again. @throws KafkaFault for other errors. */
  #mustRejoin(errorCode: number): boolean {
    if (errorCode === codes.none) return false
    if (errorCode === codes.unknownMember) this.#memberId = ''
    const rejoins: number[] = [codes.unknownMember, codes.rebalance, codes.illegalGeneration]
    if (!rejoins.includes(errorCode)) throw faultOfCode(errorCode, `group ${this.#options.groupId}`)
    this.#lose()
    return true
  }

  #lose(): void {
    if (this.#assignment) this.#assignment.current = false
  }

  async #connect(use: string, timeoutMs?: number): Promise<Connection> {
    this.#coordinator ??= await this.#findCoordinator()
    return this.#cluster.connection(
      this.#coordinator,
      `${use} ${this.#options.groupId} ${this.#options.instanceId}`,
      timeoutMs,
    )
  }

  async #findCoordinator(): Promise<number> {
    const { groupId } = this.#options
    await this.#cluster.metadata(this.#options.topics)
    const { coordinators } = await this.#cluster.askAny((connection) => {
      const asked = findCoordinatorV4.api.async(connection, ofGroups, [groupId])
      return asked.catch(takeResponse<Awaited<typeof asked>>)
    })
    const { errorCode = -1, nodeId = -1 } = coordinators[0] ?? {}
    if (errorCode !== codes.none) throw faultOfCode(errorCode, `group ${groupId}`)
    return nodeId
  }
}
