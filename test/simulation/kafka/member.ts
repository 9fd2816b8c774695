import type { GroupMembership } from '../../../services/platform/kafka/access/kafka-access.ts'
import type { Assignment, Commit, CommitResult } from '../../../services/platform/kafka/consumer.ts'
import type { GroupConsumerOptions } from '../../../services/platform/kafka/group/group-consumer-options.ts'
import type { SimulatedProcess } from '../process.ts'
import type { SimulatedCluster } from './cluster.ts'
import type { GroupCoordinator, Joined, MemberAnswer } from './coordinator.ts'
import { type FetchedRecords, PartitionFetcher } from './partition-fetcher.ts'

const longestHeartbeatMs = 2_000
const rebalanceTimeoutMs = 20_000

type OwnAssignment = {
  partitions: ReadonlyMap<string, readonly number[]>
  memberId: string
  generation: number
  current: boolean
  fresh: boolean
}

/** GroupConsumer as it behaves towards a service, on the simulated cluster. */
export class SimulatedMember implements GroupMembership {
  readonly #process: SimulatedProcess
  readonly #cluster: SimulatedCluster
  readonly #group: GroupCoordinator
  readonly #options: GroupConsumerOptions
  readonly #closed = new AbortController()
  readonly #first = Promise.withResolvers<void>()
  #assignment: OwnAssignment = { partitions: new Map(), memberId: '', generation: -1, current: false, fresh: true }
  #memberId = ''
  /** When the latest request was sent that was answered to a member. */
  #knownMs = 0
  #fetchers: PartitionFetcher[] = []
  #joining: Promise<void> | undefined

  private constructor(process: SimulatedProcess, cluster: SimulatedCluster, options: GroupConsumerOptions) {
    this.#process = process
    this.#cluster = cluster
    this.#group = cluster.group(options.groupId)
    this.#options = options
  }

  static async open(
    process: SimulatedProcess,
    cluster: SimulatedCluster,
    options: GroupConsumerOptions,
  ): Promise<SimulatedMember> {
    const member = new SimulatedMember(process, cluster, options)
    member.#rejoin()
    const { sessionTimeoutMs } = options
    process.clock.every(Math.min(longestHeartbeatMs, sessionTimeoutMs / 3), () => void member.#heartbeat())
    await member.#first.promise
    return member
  }

  get assignment(): Assignment {
    return this.#assignment
  }

  /** A member that was silent for longer than its session hands nothing over until a heartbeat is answered. */
  get isSilent(): boolean {
    return this.#process.clock.monotonicMs() - this.#knownMs >= this.#options.sessionTimeoutMs
  }

  async commit(assignment: Assignment, commits: Commit[]): Promise<CommitResult> {
    if (!assignment.current) return 'outdated'
    if (commits.length === 0) return 'committed'
    const { memberId, generation } = this.#assignment
    try {
      const answer = await this.#ask<MemberAnswer>((reply) => reply(this.#group.commit(memberId, generation, commits)))
      return answer === 'ok' ? 'committed' : 'failed'
    } catch {
      return 'failed'
    }
  }

  pause(topic: string, partition: number): void {
    if (this.#assignment.current) this.#fetcherOf(topic, partition)?.pause()
  }

  resume(topic: string, partition: number): void {
    if (this.#assignment.current) this.#fetcherOf(topic, partition)?.resume()
  }

  seek(topic: string, partition: number, offset: number): void {
    if (this.#assignment.current) this.#fetcherOf(topic, partition)?.seek(offset)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#assignment.current = false
    this.#closed.abort()
    await this.#stopReading()
    const memberId = this.#memberId
    await this.#ask<void>((reply) => reply(this.#group.leave(memberId))).catch(() => undefined)
  }

  #ask<T>(serve: (reply: (answer: T) => void) => void): Promise<T> {
    return this.#cluster.ask(this.#process, () => this.#group.broker, serve)
  }

  #fetcherOf(topic: string, partition: number): PartitionFetcher | undefined {
    return this.#fetchers.find(({ log }) => log.topic === topic && log.partition === partition)
  }

  async #heartbeat(): Promise<void> {
    if (this.#closed.signal.aborted) return
    // The member may have been expelled while it was still beginning its last assignment.
    if (this.#memberId === '') return this.#rejoin()
    const assignment = this.#assignment
    const answer = await this.#askWhetherKnown(assignment.memberId, assignment.generation)
    if (answer === 'no answer' || answer === 'ok' || this.#assignment !== assignment) return
    if (answer === 'unknown' && this.#memberId === assignment.memberId) this.#memberId = ''
    this.#rejoin()
  }

  /** Notes when it asked. When it reads the answer says nothing: it may have been paused meanwhile. */
  async #askWhetherKnown(memberId: string, generation: number): Promise<MemberAnswer | 'no answer'> {
    const askedMs = this.#process.clock.monotonicMs()
    const asked = this.#ask<MemberAnswer>((reply) => reply(this.#group.heartbeat(memberId, generation)))
    const answer = await asked.catch(() => 'no answer' as const)
    if (answer === 'ok' || answer === 'rebalance') this.#knownMs = Math.max(this.#knownMs, askedMs)
    return answer
  }

  #rejoin(): void {
    this.#joining ??= this.#join()
      .catch(this.#options.fail)
      .finally(() => {
        this.#joining = undefined
      })
  }

  async #join(): Promise<void> {
    if (this.#cluster.weather.losesEarly) this.#assignment.current = false
    await this.#stopReading()
    while (!this.#closed.signal.aborted) {
      const joined = await this.#askToJoin()
      if (joined === 'unknown') this.#memberId = ''
      else if (joined !== 'no answer') {
        this.#memberId = joined.memberId
        const answer = await this.#askWhetherKnown(joined.memberId, joined.generation)
        if (answer === 'ok') return this.#begin(joined)
        if (answer === 'unknown') this.#memberId = ''
      }
      await this.#process.clock.sleep(this.#cluster.world.between(100, 500), this.#closed.signal)
    }
  }

  async #askToJoin(): Promise<Joined | 'unknown' | 'no answer'> {
    const { topics, sessionTimeoutMs, assigner } = this.#options
    const held = [...new Set([...this.#assignment.partitions.values()].flat())]
    const request = {
      memberId: this.#memberId,
      name: this.#process.name,
      topics,
      isCoPartitioned: assigner !== undefined,
      held: this.#memberId === '' ? [] : held,
      sessionTimeoutMs,
      rebalanceTimeoutMs: Math.max(sessionTimeoutMs, rebalanceTimeoutMs),
    }
    try {
      return await this.#ask<Joined | 'unknown'>((reply) => this.#group.join({ ...request, reply }))
    } catch {
      return 'no answer'
    }
  }

  async #begin({ memberId, generation, partitions }: Joined): Promise<void> {
    const fresh = memberId !== this.#assignment.memberId || generation !== this.#assignment.generation + 1
    this.#assignment.current = false
    const assignment = { partitions, memberId, generation, current: true, fresh }
    this.#assignment = assignment
    if (this.#options.assigner) {
      const numbers = new Set([...partitions.values()].flat())
      this.#cluster.ownership.assigned(this.#process, numbers, this.#cluster.world.nowMs, fresh)
    }
    const places = [...partitions].flatMap(([topic, numbers]) => numbers.map((number) => ({ topic, number })))
    this.#fetchers = places.map(({ topic, number }) => this.#createFetcher(topic, number, assignment))
    this.#options.onAssigned?.(assignment, this)
    this.#first.resolve()
    const ask = (reply: (answer: number[]) => void) =>
      reply(places.map(({ topic, number }) => this.#group.commits.get(`${topic}/${number}`)?.offset ?? -1))
    const committed = await this.#cluster.askUntilAnswered(this.#process, () => this.#group.broker, ask)
    if (this.#assignment !== assignment || !assignment.current) return
    for (const [index, { topic, number }] of places.entries()) {
      const fetcher = this.#fetcherOf(topic, number)
      const offset = Math.max(0, committed[index] ?? 0)
      if (!fetcher) continue
      if (fetcher.position < 0) fetcher.position = offset
      this.#options.onStart?.({ topic, partition: number, offset, highWatermark: fetcher.log.end })
      fetcher.wake()
    }
  }

  #createFetcher(topic: string, partition: number, assignment: OwnAssignment): PartitionFetcher {
    const { topics, fetched = topics, maxWaitMs, fail } = this.#options
    const onBatch = (batch: FetchedRecords) =>
      assignment.current && !this.isSilent ? this.#options.onBatch({ ...batch, assignment }) : 0
    const log = this.#cluster.log(topic, partition)
    // The position is below 0 until the commit is known, unless onAssigned seeks.
    const fetcher = new PartitionFetcher(this.#process, this.#cluster, log, -1, { onBatch, maxWaitMs, fail })
    if (!fetched.includes(topic)) fetcher.pause()
    return fetcher
  }

  /** Resolves when no batch is being handled any more, and none follows. */
  async #stopReading(): Promise<void> {
    for (const fetcher of this.#fetchers) fetcher.close()
    await Promise.all(this.#fetchers.map(({ handling }) => handling))
  }
}
