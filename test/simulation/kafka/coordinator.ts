import type { Commit } from '../../../services/platform/kafka/consumer.ts'
import { shareOut } from '../../../services/platform/kafka/partitioning/co-partition.ts'
import type { SimulatedCluster } from './cluster.ts'

/** Answer to a member's request. */
export type MemberAnswer = 'ok' | 'rebalance' | 'outdated' | 'unknown'

export type Shares = ReadonlyMap<string, readonly number[]>

export type Joined = { memberId: string; generation: number; partitions: Shares }

export type JoinRequest = {
  /** Empty for a new member. */
  memberId: string
  /** The process, for the trace. */
  name: string
  topics: readonly string[]
  /** True if a partition number goes to one member for all topics (coPartitionAssigner). */
  isCoPartitioned: boolean
  /** Partition numbers that it has held. */
  held: readonly number[]
  sessionTimeoutMs: number
  rebalanceTimeoutMs: number
  reply: (answer: Joined | 'unknown') => void
}

type Member = JoinRequest & { hasJoined: boolean; partitions: Shares; expiresAtMs: number }

/** Kafka's coordinator of one group, by the classic protocol: generations, sessions, commits with metadata. */
export class GroupCoordinator {
  readonly groupId: string
  broker: number
  readonly #cluster: SimulatedCluster
  readonly #members = new Map<string, Member>()
  readonly commits = new Map<string, { offset: number; metadata: string }>()
  generation = 0
  #isRebalancing = false
  #memberCount = 0
  #deadline: { cancel(): void } | undefined

  constructor(groupId: string, cluster: SimulatedCluster, broker: number) {
    this.groupId = groupId
    this.#cluster = cluster
    this.broker = broker
  }

  /** A new coordinator gives every member a whole session. */
  moveTo(broker: number): void {
    this.broker = broker
    for (const [memberId, member] of this.#members) this.#touch(memberId, member)
  }

  /** Name of the process that has the partition in the current generation; null while nobody has it. */
  ownerOf(topic: string, partition: number): string | null {
    for (const { name, partitions } of this.#members.values())
      if (partitions.get(topic)?.includes(partition)) return name
    return null
  }

  join(request: JoinRequest): void {
    const known = this.#members.get(request.memberId)
    if (request.memberId !== '' && !known) return request.reply('unknown')
    const memberId = known ? request.memberId : `${request.name}-${++this.#memberCount}`
    const member = { ...request, memberId, hasJoined: true, partitions: known?.partitions ?? new Map(), expiresAtMs: 0 }
    this.#members.set(memberId, member)
    this.#touch(memberId, member)
    this.#rebalance()
    this.#completeIfAllJoined()
  }

  /** Confirms what a member was given: SyncGroup, or a heartbeat. */
  heartbeat(memberId: string, generation: number): MemberAnswer {
    const member = this.#members.get(memberId)
    if (!member) return 'unknown'
    this.#touch(memberId, member)
    if (generation !== this.generation) return 'outdated'
    return this.#isRebalancing ? 'rebalance' : 'ok'
  }

  commit(memberId: string, generation: number, commits: readonly Commit[]): MemberAnswer {
    const member = this.#members.get(memberId)
    if (!member) return 'unknown'
    if (generation !== this.generation) return 'outdated'
    this.#touch(memberId, member)
    for (const { topic, partition, offset, metadata = '' } of commits) {
      const place = `${topic}/${partition}`
      const { violation } = this.#cluster
      const before = this.commits.get(place)?.offset ?? 0
      if (!member.partitions.get(topic)?.includes(partition))
        violation(`${member.name} commits ${place}, which it does not own in generation ${generation}`)
      if (offset < before) violation(`${member.name} moves the commit of ${place} back from ${before} to ${offset}`)
      const { end } = this.#cluster.log(topic, partition)
      if (offset > end) violation(`${member.name} commits ${place} at ${offset}, beyond its end ${end}`)
      this.commits.set(place, { offset, metadata })
      this.#cluster.world.trace(`commit ${this.groupId} ${place} ${offset} by ${memberId}`)
    }
    return 'ok'
  }

  leave(memberId: string): void {
    if (this.#members.delete(memberId)) this.#lost(memberId, 'left')
  }

  #touch(memberId: string, member: Member): void {
    const { world } = this.#cluster
    const atMs = world.nowMs + member.sessionTimeoutMs
    const isWatched = member.expiresAtMs > 0
    member.expiresAtMs = atMs
    if (!isWatched) this.#watch(memberId, member)
  }

  /** Expels a member whose session is over, except while its JoinGroup waits for the others. */
  #watch(memberId: string, member: Member): void {
    const { world } = this.#cluster
    world.after(member.expiresAtMs - world.nowMs, () => {
      if (this.#members.get(memberId) !== member) return
      const waits = (member.hasJoined && this.#isRebalancing) || this.#cluster.isAway(this.broker)
      if (waits) member.expiresAtMs = world.nowMs + member.sessionTimeoutMs
      if (world.nowMs < member.expiresAtMs) return this.#watch(memberId, member)
      this.#members.delete(memberId)
      this.#lost(memberId, 'expired')
    })
  }

  #lost(memberId: string, why: string): void {
    this.#cluster.world.trace(`member ${memberId} ${why}`)
    if (this.#members.size === 0) {
      this.#isRebalancing = false
      this.#deadline?.cancel()
      return
    }
    this.#rebalance()
    this.#completeIfAllJoined()
  }

  #rebalance(): void {
    if (this.#isRebalancing) return
    this.#isRebalancing = true
    const { world } = this.#cluster
    const longestMs = Math.max(...[...this.#members.values()].map(({ rebalanceTimeoutMs }) => rebalanceTimeoutMs))
    this.#deadline = world.after(longestMs, () => this.#complete())
  }

  #completeIfAllJoined(): void {
    if (this.#isRebalancing && [...this.#members.values()].every(({ hasJoined }) => hasJoined)) this.#complete()
  }

  /** Begins the next generation with those that have joined. */
  #complete(): void {
    this.#deadline?.cancel()
    for (const [memberId, { hasJoined }] of [...this.#members]) if (!hasJoined) this.#members.delete(memberId)
    this.#isRebalancing = false
    if (this.#members.size === 0) return
    this.generation++
    this.#assign([...this.#members.values()])
    for (const member of this.#members.values()) {
      const { memberId, partitions, reply } = member
      member.hasJoined = false
      this.#touch(memberId, member)
      const numbers = [...new Set([...partitions.values()].flat())]
      this.#cluster.world.trace(`assigned ${this.groupId} ${this.generation} ${memberId}: ${numbers}`)
      reply({ memberId, generation: this.generation, partitions })
    }
  }

  #assign(members: Member[]): void {
    const [first] = members
    if (!first) return
    const count = (topic: string) => this.#cluster.partitions(topic).length
    if (first.isCoPartitioned) {
      const holders = members.map(({ memberId, held }) => ({ memberId, numbers: held }))
      const shares = shareOut(count(first.topics[0] ?? ''), holders)
      for (const member of members) {
        const numbers = shares.get(member.memberId) ?? []
        member.partitions = new Map(member.topics.map((topic) => [topic, numbers]))
      }
      return
    }
    const shares = members.map(() => new Map<string, number[]>())
    let next = 0
    for (const topic of first.topics)
      for (let partition = 0; partition < count(topic); partition++) {
        const share = shares[next++ % members.length] as Map<string, number[]>
        share.set(topic, [...(share.get(topic) ?? []), partition])
      }
    for (const [index, member] of members.entries()) member.partitions = shares[index] as Shares
  }
}
