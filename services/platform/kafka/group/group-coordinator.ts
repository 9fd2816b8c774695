import {
  type Connection,
  heartbeatV4,
  joinGroupV9,
  leaveGroupV5,
  offsetCommitV8,
  syncGroupV5,
} from '@platformatic/kafka'
import { nameDenial } from '../security/denied.ts'
import type { Cluster } from '../wire/cluster.ts'
import { faultOfCode, faultOfError, KafkaFault, takeResponse } from '../wire/kafka-fault.ts'
import { type FetchedCommit, fetchCommits, findCoordinator } from './group-requests.ts'

/** The part of Cluster that a GroupCoordinator uses. */
export type GroupCluster = Pick<Cluster, 'metadata' | 'connection' | 'askAny' | 'distrust' | 'newest'>

/** A member under one generation of its group. */
export type Generation = { memberId: string; generation: number }

export type OffsetToCommit = { topic: string; partition: number; offset: number; metadata: string }

/** Answer to JoinGroup. Members are listed for the group's leader, which assigns the partitions. */
export type Joined = Generation & {
  members: { memberId: string; metadata: Buffer }[]
  /** Whether the group has no other members, as far as Kafka says: only the leader learns of them. */
  isAlone: boolean
}

export type GroupCoordinatorOptions = {
  groupId: string
  topics: string[]
  sessionTimeoutMs: number
  rebalanceTimeoutMs: number
  /** Name that outlives the process (KIP-345). */
  instanceId: string | null
}

const protocolType = 'consumer'
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
        const answer = await asked.catch(takeResponse<Awaited<typeof asked>>)
        if (answer.errorCode !== memberIdRequired) this.#check(answer.errorCode)
        return answer
      })
    }
    const first = await ask(memberId)
    const answer = first.errorCode === memberIdRequired ? await ask(first.memberId) : first
    const isLeader = answer.leader === answer.memberId
    return {
      memberId: answer.memberId,
      generation: answer.generationId,
      members: isLeader && !answer.skipAssignment ? answer.members : [],
      isAlone: isLeader && answer.members.length === 1,
    }
  }

  /** @returns the member's assignment, which the leader has sent. */
  async sync(
    { memberId, generation }: Generation,
    protocol: string,
    assignments: { memberId: string; assignment: Buffer }[],
  ): Promise<Buffer> {
    const { groupId, instanceId, rebalanceTimeoutMs } = this.#options
    const answer = await this.#ask(`${this.#use} join`, rebalanceTimeoutMs + joinMarginMs, async (connection) => {
      const ids = [groupId, generation, memberId, instanceId] as const
      const asked = syncGroupV5.api.async(connection, ...ids, protocolType, protocol, assignments)
      const synced = await asked.catch(takeResponse<Awaited<typeof asked>>)
      this.#check(synced.errorCode)
      return synced
    })
    return answer.assignment
  }

  async heartbeat({ memberId, generation }: Generation): Promise<void> {
    const { groupId, instanceId } = this.#options
    await this.#ask(this.#use, undefined, async (connection) => {
      const asked = heartbeatV4.api.async(connection, groupId, generation, memberId, instanceId)
      const { errorCode } = await asked.catch(takeResponse<Awaited<typeof asked>>)
      this.#check(errorCode)
    })
  }

  /** Commits once, under the given generation only. */
  async commit({ memberId, generation }: Generation, offsets: readonly OffsetToCommit[]): Promise<void> {
    const { groupId, instanceId } = this.#options
    const topics = [...Map.groupBy(offsets, ({ topic }) => topic)].map(([name, ofTopic]) => ({
      name,
      partitions: ofTopic.map(({ partition, offset, metadata }) => ({
        partitionIndex: partition,
        committedOffset: BigInt(offset),
        committedLeaderEpoch: this.#cluster.newest.epochOf(name, partition),
        committedMetadata: metadata,
      })),
    }))
    await this.#ask(this.#use, undefined, async (connection) => {
      const asked = offsetCommitV8.api.async(connection, groupId, generation, memberId, instanceId, topics)
      const answer = await asked.catch(takeResponse<Awaited<typeof asked>>)
      for (const { name, partitions } of answer.topics)
        for (const { errorCode } of partitions) this.#check(errorCode, name)
    })
  }

  /** Commits of the group; see fetchCommits. */
  commits(partitions: ReadonlyMap<string, readonly number[]>): Promise<Map<string, Map<number, FetchedCommit>>> {
    const { groupId } = this.#options
    return this.#ask(this.#use, undefined, (connection) => fetchCommits(this.#cluster, connection, groupId, partitions))
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
    let nodeId: number | undefined
    try {
      nodeId = await this.#find()
      return await send(await this.#cluster.connection(nodeId, use, timeoutMs))
    } catch (error) {
      const fault = faultOfError(error, this.#name)
      if (!(fault instanceof KafkaFault)) throw fault
      if (fault.kind === 'connection' && nodeId !== undefined) this.#cluster.distrust(nodeId)
      if (fault.kind === 'connection' || moved.includes(fault.type ?? '')) this.#nodeId = undefined
      throw nameDenial(fault, 'Read', this.#name)
    }
  }

  /** @param topic of which an answer is a part. @throws KafkaFault. */
  #check(errorCode: number, topic?: string): void {
    if (errorCode === none) return
    const fault = faultOfCode(errorCode, topic ? `topic ${topic}` : this.#name)
    throw topic ? nameDenial(fault, 'Read', topic) : fault
  }

  async #find(): Promise<number> {
    const { groupId, topics } = this.#options
    this.#nodeId ??= await findCoordinator(this.#cluster, groupId, topics)
    return this.#nodeId
  }

  get #name(): string {
    return `group ${this.#options.groupId}`
  }
}
