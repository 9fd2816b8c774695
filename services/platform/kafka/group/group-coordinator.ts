import {
  type Connection,
  findCoordinatorV4,
  heartbeatV4,
  joinGroupV9,
  leaveGroupV5,
  offsetCommitV8,
  offsetFetchV8,
  syncGroupV5,
} from '@platformatic/kafka'
import { nameDenial } from '../security/denied.ts'
import type { Cluster } from '../wire/cluster.ts'
import { faultOfCode, faultOfError, KafkaFault, takeResponse } from '../wire/kafka-fault.ts'

/** What the coordinator of a group asks of its cluster. */
export type GroupCluster = Pick<Cluster, 'metadata' | 'connection' | 'askAny' | 'distrust'>

/** A member under one generation of its group. */
export type Generation = { memberId: string; generation: number }

export type OffsetToCommit = { topic: string; partition: number; offset: number; metadata: string }

/** Next offset to read, and the metadata committed with it. */
export type FetchedCommit = { offset: number; metadata: string }

/** Answer to JoinGroup. Members are listed for the group's leader, which assigns the partitions. */
export type Joined = Generation & { members: { memberId: string; metadata: Buffer }[] }

export type GroupCoordinatorOptions = {
  groupId: string
  topics: string[]
  sessionTimeoutMs: number
  rebalanceTimeoutMs: number
  /** Name that outlives the process (KIP-345). */
  instanceId: string | null
}

const protocolType = 'consumer'
const ofGroups = 0
/** Time beyond the rebalance timeout after which an answer to JoinGroup is given up. */
const joinMarginMs = 5_000
const memberIdRequired = 79
const none = 0
const moved = ['NOT_COORDINATOR', 'COORDINATOR_NOT_AVAILABLE', 'COORDINATOR_LOAD_IN_PROGRESS']
let coordinators = 0

/**
 * Requests of one member to the broker that coordinates its group, by the classic protocol. All throw KafkaFault, and
 * look for the coordinator again after it has moved or gone. JoinGroup, which waits for all members, has a connection of
 * its own, so that nothing else waits with it.
 */
export class GroupCoordinator {
  readonly #cluster: GroupCluster
  readonly #options: GroupCoordinatorOptions
  readonly #use = `group ${coordinators++}`
  #nodeId: number | undefined
  #joining: Connection | undefined

  constructor(cluster: GroupCluster, options: GroupCoordinatorOptions) {
    this.#cluster = cluster
    this.#options = options
  }

  /** @param memberId empty for a new member. */
  async join(memberId: string, protocol: { name: string; metadata: Buffer }): Promise<Joined> {
    const { groupId, sessionTimeoutMs, rebalanceTimeoutMs, instanceId } = this.#options
    const ask = (id: string) => {
      const use = `${this.#use} join`
      return this.#ask(use, rebalanceTimeoutMs + joinMarginMs, async (connection) => {
        this.#joining = connection
        const timeouts = [sessionTimeoutMs, rebalanceTimeoutMs] as const
        const ids = [id, instanceId] as const
        const asked = joinGroupV9.api.async(connection, groupId, ...timeouts, ...ids, protocolType, [protocol])
        return asked.catch(takeResponse<Awaited<typeof asked>>)
      })
    }
    let answer = await ask(memberId)
    if (answer.errorCode === memberIdRequired) answer = await ask(answer.memberId)
    this.#check(answer.errorCode)
    const isLeader = answer.leader === answer.memberId && !answer.skipAssignment
    return { memberId: answer.memberId, generation: answer.generationId, members: isLeader ? answer.members : [] }
  }

  /** @returns the member's assignment, which the leader has sent. */
  async sync(
    { memberId, generation }: Generation,
    protocol: string,
    assignments: { memberId: string; assignment: Buffer }[],
  ): Promise<Buffer> {
    const { groupId, instanceId, rebalanceTimeoutMs } = this.#options
    const answer = await this.#ask(`${this.#use} join`, rebalanceTimeoutMs + joinMarginMs, (connection) => {
      const ids = [groupId, generation, memberId, instanceId] as const
      const asked = syncGroupV5.api.async(connection, ...ids, protocolType, protocol, assignments)
      return asked.catch(takeResponse<Awaited<typeof asked>>)
    })
    this.#check(answer.errorCode)
    return answer.assignment
  }

  async heartbeat({ memberId, generation }: Generation): Promise<void> {
    const { groupId, instanceId } = this.#options
    const { errorCode } = await this.#ask(this.#use, undefined, (connection) => {
      const asked = heartbeatV4.api.async(connection, groupId, generation, memberId, instanceId)
      return asked.catch(takeResponse<Awaited<typeof asked>>)
    })
    this.#check(errorCode)
  }

  /** Commits once, under the given generation only. */
  async commit({ memberId, generation }: Generation, offsets: readonly OffsetToCommit[]): Promise<void> {
    const { groupId, instanceId } = this.#options
    const topics = [...Map.groupBy(offsets, ({ topic }) => topic)].map(([name, ofTopic]) => ({
      name,
      partitions: ofTopic.map(({ partition, offset, metadata }) => ({
        partitionIndex: partition,
        committedOffset: BigInt(offset),
        committedLeaderEpoch: -1,
        committedMetadata: metadata,
      })),
    }))
    const answer = await this.#ask(this.#use, undefined, (connection) => {
      const asked = offsetCommitV8.api.async(connection, groupId, generation, memberId, instanceId, topics)
      return asked.catch(takeResponse<Awaited<typeof asked>>)
    })
    for (const { name, partitions } of answer.topics)
      for (const { errorCode } of partitions) this.#check(errorCode, name)
  }

  /** Commits of the group: topic -> partition -> commit. Partitions without one are left out. */
  async commits(topics: ReadonlyMap<string, readonly number[]>): Promise<Map<string, Map<number, FetchedCommit>>> {
    const asked = [...topics].map(([name, partitionIndexes]) => ({ name, partitionIndexes: [...partitionIndexes] }))
    const group = { groupId: this.#options.groupId, memberEpoch: -1, topics: asked }
    const answer = await this.#ask(this.#use, undefined, (connection) => {
      const fetching = offsetFetchV8.api.async(connection, [group], false)
      return fetching.catch(takeResponse<Awaited<typeof fetching>>)
    })
    const { errorCode = -1, topics: fetched = [] } = answer.groups[0] ?? {}
    this.#check(errorCode)
    const commits = new Map<string, Map<number, FetchedCommit>>()
    for (const { name, partitions } of fetched) {
      const ofTopic = new Map<number, FetchedCommit>()
      for (const { partitionIndex, committedOffset, metadata, errorCode } of partitions) {
        this.#check(errorCode, name)
        if (committedOffset >= 0)
          ofTopic.set(partitionIndex, { offset: Number(committedOffset), metadata: metadata ?? '' })
      }
      commits.set(name, ofTopic)
    }
    return commits
  }

  async leave(memberId: string): Promise<void> {
    const { groupId, instanceId } = this.#options
    await this.#ask(this.#use, undefined, (connection) => {
      const asked = leaveGroupV5.api.async(connection, groupId, [{ memberId, groupInstanceId: instanceId }])
      return asked.catch(takeResponse<Awaited<typeof asked>>)
    })
  }

  /** Ends a JoinGroup that is waiting. */
  async stopJoining(): Promise<void> {
    await this.#joining?.close()
  }

  async #ask<T>(use: string, timeoutMs: number | undefined, send: (connection: Connection) => Promise<T>): Promise<T> {
    const nodeId = await this.#find()
    try {
      return await send(await this.#cluster.connection(nodeId, use, timeoutMs))
    } catch (error) {
      const fault = faultOfError(error, this.#name)
      if (fault instanceof KafkaFault && fault.kind === 'connection') {
        this.#cluster.distrust(nodeId)
        this.#forget()
      }
      throw fault
    }
  }

  /** @param topic of which an answer is a part. */
  #check(errorCode: number, topic?: string): void {
    if (errorCode === none) return
    const fault = faultOfCode(errorCode, topic ? `topic ${topic}` : this.#name)
    nameDenial(fault, 'Read', topic ?? this.#name)
    if (moved.includes(fault.type ?? '')) this.#forget()
    throw fault
  }

  async #find(): Promise<number> {
    if (this.#nodeId !== undefined) return this.#nodeId
    const { groupId, topics } = this.#options
    // A coordinator must be among the brokers of the metadata.
    await this.#cluster.metadata(topics)
    const { coordinators } = await this.#cluster.askAny((connection) => {
      const asked = findCoordinatorV4.api.async(connection, ofGroups, [groupId])
      return asked.catch(takeResponse<Awaited<typeof asked>>)
    })
    const { errorCode = -1, nodeId = -1 } = coordinators[0] ?? {}
    this.#check(errorCode)
    this.#nodeId = nodeId
    return nodeId
  }

  #forget(): void {
    this.#nodeId = undefined
  }

  get #name(): string {
    return `group ${this.#options.groupId}`
  }
}
