import { type Clock, untilShared } from '../../runtime/clock.ts'
import { KafkaFault } from '../wire/kafka-fault.ts'
import type { GroupCoordinator, OffsetToCommit } from './group-coordinator.ts'
import { encodeShares, encodeSubscription, readShare, readUserData, type Shares } from './subscription.ts'

/** The requests of GroupCoordinator that a member sends. */
export type MemberRequests = Pick<GroupCoordinator, 'join' | 'sync' | 'heartbeat' | 'commit' | 'leave' | 'stopJoining'>

/** Work is tagged with the assignment it came from: commits go out under its generation. */
export type MemberAssignment = {
  readonly partitions: Shares
  readonly memberId: string
  readonly generation: number
  current: boolean
  /** Whether other members may have had these partitions meanwhile. */
  readonly fresh: boolean
}

export type GroupMemberOptions = {
  topics: string[]
  /** Name of the assignment protocol, which all members share. */
  protocol: string
  /** Data that this member sends to the group's leader when it joins. */
  userData: (memberId: string) => Buffer
  /** Called when this member leads the group. @throws KafkaFault while the partitions are not known. */
  assign: (members: { memberId: string; userData: Buffer }[]) => Promise<ReadonlyMap<string, Shares>>
  sessionTimeoutMs: number
  /** Interval of heartbeats, and so the longest time until the member learns of a rebalance. */
  heartbeatMs: number
  /** The same while the group has no other members: then no partition waits until this one has joined again. */
  aloneHeartbeatMs: number
  onAssigned: (assignment: MemberAssignment) => void
  /** Called before the member joins again, as long as its commits are accepted. It is waited for, a second at most. */
  beforeRejoin?: (() => Promise<unknown>) | undefined
  /** Called when other members have the partitions, or may have them; another assignment follows. */
  onLost: () => void
  /** Called with true when no coordinator has answered for the length of a session, and with false once one has. */
  onSilence: (isSilent: boolean) => void
  /** Called with the fault that keeps the member from its group; null once a coordinator has answered again. */
  onFault: (fault: KafkaFault | null) => void
  clock: Clock
  /** Called for a fault that waiting does not fix; must end the process. */
  fail: (error: unknown) => void
}

const pauseMs = 250
/** Pause before another try of what Kafka's ACLs deny. */
const deniedPauseMs = 1_000
/** Longest wait for the answer to LeaveGroup. A group that does not hear of it notices by the session. */
const leaveMs = 2_000
/** Longest time that the others wait for what is done before this member joins again. */
const beforeRejoinMs = 1_000
/** Errors by which a coordinator says that the group has continued without this member. */
const expelled = ['ILLEGAL_GENERATION', 'UNKNOWN_MEMBER_ID']
const rebalancing = 'REBALANCE_IN_PROGRESS'

/**
 * A member of a consumer group, by the classic protocol. It only keeps its membership; reading is the business of a
 * PartitionReader. While the group rebalances, the member keeps its partitions and its heartbeats, until it gets its new
 * assignment or is told that the group has moved on.
 */
export class GroupMember implements AsyncDisposable {
  readonly #coordinator: MemberRequests
  readonly #options: GroupMemberOptions
  readonly #closed = new AbortController()
  readonly #ended: Promise<void>
  #resting = new AbortController()
  #memberId = ''
  #assignment: MemberAssignment | undefined
  #mustJoin = true
  /** Whether the last join began before something that it should take into account. */
  #isOutdated = false
  #isAlone = false
  /** When the latest request was sent that was answered to a member: a process that stood still reads answers late. */
  #knownMs = 0
  #isSilent = false
  /** Whether the group is told at the end; a member with an instance id may come back instead. */
  leavesAtEnd: boolean

  constructor(coordinator: MemberRequests, options: GroupMemberOptions, leavesAtEnd = true) {
    this.#coordinator = coordinator
    this.#options = options
    this.leavesAtEnd = leavesAtEnd
    this.#ended = this.#run().catch((error: unknown) => {
      this.#lose(this.#assignment)
      options.fail(error)
    })
  }

  /** Whether the session may be over, so that others may own the partitions. Also after the process stood still. */
  checkSession(): 'silent' | 'alive' {
    const { clock, sessionTimeoutMs } = this.#options
    const isSilent = clock.monotonicMs() - this.#knownMs > sessionTimeoutMs
    if (this.#isSilent !== isSilent) this.#options.onSilence(isSilent)
    this.#isSilent = isSilent
    return isSilent ? 'silent' : 'alive'
  }

  /** Makes the group assign its partitions anew. */
  rejoin(): void {
    this.#mustJoin = true
    this.#isOutdated = true
    this.#resting.abort()
  }

  /**
   * Commits once, under the assignment's own generation.
   * @returns outdated: nothing was committed, because the group has moved on. @throws KafkaFault.
   */
  async commit(assignment: MemberAssignment, offsets: readonly OffsetToCommit[]): Promise<'committed' | 'outdated'> {
    try {
      await this.#coordinator.commit(assignment, offsets)
      return 'committed'
    } catch (error) {
      if (isFault(error, expelled)) return 'outdated'
      throw error
    }
  }

  /** Leaves the group unless it may come back. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed.abort()
    this.#resting.abort()
    if (this.#assignment) this.#assignment.current = false
    if (this.leavesAtEnd && this.#memberId !== '') {
      await this.#waitAtMost(
        leaveMs,
        this.#coordinator.leave(this.#memberId).catch(() => undefined),
      )
    }
    await this.#coordinator.stopJoining()
    await this.#ended
  }

  async #run(): Promise<void> {
    const { heartbeatMs, aloneHeartbeatMs: aloneMs, clock } = this.#options
    while (!this.#closed.signal.aborted) {
      try {
        if (this.#mustJoin) await this.#joinWhileBeating()
        else if (this.#assignment) await this.#beat(this.#assignment)
        if (!this.#mustJoin && this.checkSession() === 'alive')
          await this.#rest(untilShared(clock.monotonicMs(), this.#isAlone ? aloneMs : heartbeatMs))
      } catch (error) {
        if (this.#closed.signal.aborted) return
        if (!(error instanceof KafkaFault) || error.kind === 'final') throw error
        this.#options.onFault(error)
        this.checkSession()
        await this.#rest(error.kind === 'denied' ? deniedPauseMs : pauseMs)
      }
    }
  }

  async #joinWhileBeating(): Promise<void> {
    const joined = new AbortController()
    void this.#beatUntil(joined.signal, this.#assignment)
    try {
      if (this.#assignment?.current) await this.#waitAtMost(beforeRejoinMs, this.#options.beforeRejoin?.())
      await this.#join()
    } catch (error) {
      if (!isFault(error, [...expelled, rebalancing])) throw error
      this.#noteExpulsion(error, this.#assignment)
    } finally {
      joined.abort()
    }
  }

  async #join(): Promise<void> {
    const { topics, protocol, userData, assign, onAssigned } = this.#options
    this.#isOutdated = false
    const metadata = encodeSubscription(topics, userData(this.#memberId))
    const joined = await this.#coordinator.join(this.#memberId, { name: protocol, metadata })
    ;({ memberId: this.#memberId, isAlone: this.#isAlone } = joined)
    const members = joined.members.map(({ memberId, metadata: data }) => ({ memberId, userData: readUserData(data) }))
    const shares = members.length > 0 ? await assign(members) : new Map<string, Shares>()
    const askedMs = this.#options.clock.monotonicMs()
    const partitions = readShare(await this.#coordinator.sync(joined, protocol, encodeShares(shares)))
    const before = this.#assignment
    // Other members had its partitions in a generation that this member missed.
    const fresh = before?.memberId !== joined.memberId || before.generation + 1 !== joined.generation
    if (before) before.current = false
    this.#assignment = { ...joined, partitions, current: !this.#closed.signal.aborted, fresh }
    this.#mustJoin = this.#isOutdated
    this.#noteAnswer(askedMs)
    if (this.#assignment.current) onAssigned(this.#assignment)
  }

  /** Heartbeats while JoinGroup waits for other members, which may take as long as their sessions. */
  async #beatUntil(joined: AbortSignal, assignment: MemberAssignment | undefined): Promise<void> {
    const { clock, heartbeatMs, fail } = this.#options
    for (;;) {
      await clock.sleep(heartbeatMs, joined)
      if (joined.aborted || !assignment?.current) return
      try {
        await this.#beat(assignment)
      } catch (error) {
        if (!(error instanceof KafkaFault)) return fail(error)
        if (!joined.aborted) this.checkSession()
      }
    }
  }

  /** @throws KafkaFault unless the coordinator has answered. */
  async #beat(assignment: MemberAssignment): Promise<void> {
    const askedMs = this.#options.clock.monotonicMs()
    try {
      await this.#coordinator.heartbeat(assignment)
      this.#noteAnswer(askedMs)
    } catch (error) {
      if (!isFault(error, [...expelled, rebalancing])) throw error
      if (error.type === rebalancing) this.#noteAnswer(askedMs)
      if (this.#assignment === assignment) this.#noteExpulsion(error, assignment)
    }
  }

  /** The group wants this member to join again; it keeps its partitions only while the group waits for it. */
  #noteExpulsion({ type }: KafkaFault, assignment: MemberAssignment | undefined): void {
    this.#mustJoin = true
    if (type === rebalancing) return
    if (type === 'UNKNOWN_MEMBER_ID') this.#memberId = ''
    this.#lose(assignment)
  }

  #lose(assignment: MemberAssignment | undefined): void {
    if (!assignment?.current) return
    assignment.current = false
    this.#options.onLost()
  }

  #noteAnswer(askedMs: number): void {
    this.#knownMs = Math.max(this.#knownMs, askedMs)
    this.checkSession()
    this.#options.onFault(null)
  }

  async #waitAtMost(limitMs: number, work: Promise<unknown> = Promise.resolve()): Promise<void> {
    const done = new AbortController()
    await Promise.race([work, this.#options.clock.sleep(limitMs, done.signal)])
    done.abort()
  }

  async #rest(forMs: number): Promise<void> {
    if (this.#closed.signal.aborted) return
    this.#resting = new AbortController()
    await this.#options.clock.sleep(forMs, this.#resting.signal)
  }
}

function isFault(error: unknown, types: readonly string[]): error is KafkaFault {
  return error instanceof KafkaFault && types.includes(error.type ?? '')
}
