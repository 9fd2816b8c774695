import { expect, onTestFinished, test, vi } from 'vitest'
import {
  GroupMember,
  type GroupMemberOptions,
  type MemberAssignment,
  type MemberRequests,
} from '../../../../../services/platform/kafka/group/group-member.ts'
import { encodeShares } from '../../../../../services/platform/kafka/group/subscription.ts'
import { faultOfCode, KafkaFault } from '../../../../../services/platform/kafka/wire/kafka-fault.ts'
import { type Clock, systemClock } from '../../../../../services/platform/runtime/clock.ts'

const codes = { illegalGeneration: 22, inconsistentProtocol: 23, unknownMember: 25, rebalance: 27, denied: 30 } as const
const away = new KafkaFault('connection', null, 'the coordinator is away')
const sessionTimeoutMs = 9_000
const offsets = [{ topic: 't', partition: 0, offset: 5, metadata: '' }]

/** A coordinator that a test scripts. Members get partition 0 of topic t, under ascending generations. */
class FakeCoordinator implements MemberRequests {
  generation = 0
  isAlone = false
  joins: string[] = []
  left: string[] = []
  /** Codes with which the next heartbeats are answered; a fault is thrown as it is. */
  beats: (number | KafkaFault)[] = []
  /** Faults of the next joins. */
  joinFaults: number[] = []
  /** Promise that the next JoinGroup waits for. */
  others: Promise<void> | undefined
  /** Promise that answers to SyncGroup and Heartbeat wait for. */
  late: Promise<void> | undefined
  syncs = 0
  heartbeats = 0
  commitFault: number | undefined
  committed: string[] = []

  join: MemberRequests['join'] = async (memberId) => {
    this.joins.push(memberId)
    await this.others
    const fault = this.joinFaults.shift()
    if (fault) throw faultOfCode(fault, 'group g')
    return {
      memberId: memberId || `member-${this.joins.length}`,
      generation: ++this.generation,
      members: [],
      isAlone: this.isAlone,
    }
  }
  sync: MemberRequests['sync'] = async ({ memberId }) => {
    this.syncs++
    await this.late
    return encodeShares(new Map([[memberId, new Map([['t', [0]]])]]))[0]?.assignment ?? Buffer.alloc(0)
  }
  heartbeat: MemberRequests['heartbeat'] = async () => {
    this.heartbeats++
    await this.late
    const beat = this.beats.shift()
    if (beat instanceof KafkaFault) throw beat
    if (beat) throw faultOfCode(beat, 'group g')
  }
  commit: MemberRequests['commit'] = async ({ generation }) => {
    if (this.commitFault) throw faultOfCode(this.commitFault, 'group g')
    this.committed.push(`generation ${generation} after ${this.joins.length} joins`)
  }
  leave: MemberRequests['leave'] = async (memberId) => void this.left.push(memberId)
  stopJoining = async () => undefined
}

/** Pauses take a thousandth of their time; the clock of sessions is set by the test. */
class FakeTime {
  nowMs = 0
  readonly clock: Clock = {
    ...systemClock,
    monotonicMs: () => this.nowMs,
    sleep: (ms, signal) => systemClock.sleep(ms / 1_000, signal),
  }
}

function startMember(
  coordinator: FakeCoordinator,
  leavesAtEnd = true,
  beforeRejoin?: GroupMemberOptions['beforeRejoin'],
) {
  const time = new FakeTime()
  const assignments: MemberAssignment[] = []
  const events = {
    onLost: vi.fn(),
    onSilence: vi.fn(),
    onFault: vi.fn<GroupMemberOptions['onFault']>(),
    fail: vi.fn(),
  }
  const member = new GroupMember(
    coordinator,
    {
      topics: ['t'],
      protocol: 'p',
      userData: () => Buffer.alloc(0),
      assign: async () => new Map(),
      sessionTimeoutMs,
      heartbeatMs: 2_000,
      aloneHeartbeatMs: 3_000,
      onAssigned: (assignment) => void assignments.push(assignment),
      beforeRejoin,
      clock: time.clock,
      ...events,
    },
    leavesAtEnd,
  )
  onTestFinished(() => member[Symbol.asyncDispose]())
  return { member, assignments, time, ...events, beaten: () => expect.poll(() => coordinator.beats).toEqual([]) }
}

async function assigned(assignments: MemberAssignment[], count = 1): Promise<MemberAssignment> {
  await expect.poll(() => assignments.length).toBeGreaterThanOrEqual(count)
  return assignments[count - 1] as MemberAssignment
}

test('a member keeps its partitions and its heartbeats while the group waits for other members', async () => {
  const coordinator = new FakeCoordinator()
  const { assignments, onLost } = startMember(coordinator)
  const first = await assigned(assignments)
  const others = Promise.withResolvers<void>()
  coordinator.others = others.promise
  coordinator.beats = [codes.rebalance, codes.rebalance, codes.rebalance, codes.rebalance]
  await expect.poll(() => coordinator.beats).toEqual([])
  expect(coordinator.joins).toEqual(['', 'member-1'])
  expect(first.current).toBe(true)
  others.resolve()
  expect(await assigned(assignments, 2)).toMatchObject({ current: true, fresh: false, generation: 2 })
  expect(first.current).toBe(false)
  expect(onLost).not.toHaveBeenCalled()
})

test('a member loses its partitions at once when the group has moved on while it joined', async () => {
  const coordinator = new FakeCoordinator()
  const { assignments, onLost } = startMember(coordinator)
  const first = await assigned(assignments)
  const others = Promise.withResolvers<void>()
  coordinator.others = others.promise
  coordinator.beats = [codes.rebalance, codes.illegalGeneration]
  await expect.poll(() => onLost.mock.calls.length).toBe(1)
  expect(first.current).toBe(false)
  coordinator.generation++
  others.resolve()
  expect(await assigned(assignments, 2)).toMatchObject({ current: true, fresh: true })
})

test('a member that joins again lets its user commit first, under the generation that it leaves', async () => {
  const coordinator = new FakeCoordinator()
  const commit = async () => member.commit(await assigned(assignments), offsets)
  const { member, assignments } = startMember(coordinator, true, commit)
  await assigned(assignments)
  coordinator.beats = [codes.rebalance]
  await assigned(assignments, 2)
  expect(coordinator.committed).toEqual(['generation 1 after 1 joins'])
})

test('a commit without an answer does not keep a member from joining again', async () => {
  const { assignments, member } = startMember(new FakeCoordinator(), true, () => new Promise(() => undefined))
  await assigned(assignments)
  member.rejoin()
  expect(await assigned(assignments, 2)).toMatchObject({ current: true, fresh: false })
})

test('a member that is told to join again while it joins does so afterwards: the join may have begun before the reason', async () => {
  const coordinator = new FakeCoordinator()
  const others = Promise.withResolvers<void>()
  coordinator.others = others.promise
  const { assignments, member } = startMember(coordinator)
  await expect.poll(() => coordinator.joins.length).toBe(1)
  member.rejoin()
  others.resolve()
  expect(await assigned(assignments, 2)).toMatchObject({ generation: 2, current: true, fresh: false })
})

test('an expelled member has nothing to commit before it joins again', async () => {
  const coordinator = new FakeCoordinator()
  const commit = vi.fn(async () => undefined)
  const { assignments } = startMember(coordinator, true, commit)
  await assigned(assignments)
  coordinator.beats = [codes.unknownMember]
  await assigned(assignments, 2)
  expect(commit).not.toHaveBeenCalled()
})

test('an expelled member comes back as a new one, and what it gets counts as fresh', async () => {
  const coordinator = new FakeCoordinator()
  const { assignments, onLost } = startMember(coordinator)
  const first = await assigned(assignments)
  coordinator.beats = [codes.unknownMember]
  expect(await assigned(assignments, 2)).toMatchObject({ memberId: 'member-2', current: true, fresh: true })
  expect(first.current).toBe(false)
  expect(onLost).toHaveBeenCalledOnce()
})

test('a member whose coordinator is silent for a session stands by, and goes on under its generation', async () => {
  const coordinator = new FakeCoordinator()
  const { member, assignments, onSilence, time, beaten } = startMember(coordinator)
  const first = await assigned(assignments)
  coordinator.beats = [away]
  await beaten()
  expect(onSilence).not.toHaveBeenCalled()
  time.nowMs = sessionTimeoutMs + 1
  coordinator.beats = [away]
  await expect.poll(() => onSilence.mock.calls).toEqual([[true], [false]])
  expect(first.current).toBe(true)
  expect(member.checkSession()).toBe('alive')
  expect(coordinator.joins).toHaveLength(1)
})

test('a process that stood still for longer than a session knows that before its next heartbeat', async () => {
  const { member, assignments, onSilence, time } = startMember(new FakeCoordinator())
  await assigned(assignments)
  time.nowMs += sessionTimeoutMs + 1
  expect(member.checkSession()).toBe('silent')
  await expect.poll(() => onSilence.mock.calls).toEqual([[true], [false]])
})

test.for([
  ['heartbeat', false],
  ['assignment', true],
] as const)(
  'a process that stood still while it waited for its %s stands by until it has asked again',
  async ([, joins]) => {
    const coordinator = new FakeCoordinator()
    const { member, assignments, time } = startMember(coordinator)
    await assigned(assignments)
    const answer = Promise.withResolvers<void>()
    coordinator.late = answer.promise
    const { syncs, heartbeats } = coordinator
    if (joins) {
      member.rejoin()
      await expect.poll(() => coordinator.syncs).toBe(syncs + 1)
    } else await expect.poll(() => coordinator.heartbeats).toBe(heartbeats + 1)
    time.nowMs += sessionTimeoutMs + 1
    const next = Promise.withResolvers<void>()
    coordinator.late = next.promise
    answer.resolve()
    const asked = coordinator.heartbeats
    if (joins) await assigned(assignments, 2)
    await expect.poll(() => coordinator.heartbeats).toBeGreaterThan(asked)
    expect(member.checkSession()).toBe('silent')
    next.resolve()
    await expect.poll(() => member.checkSession()).toBe('alive')
  },
)

test('a group that will never admit the member ends the process', async () => {
  const coordinator = new FakeCoordinator()
  coordinator.joinFaults = [codes.inconsistentProtocol]
  const { fail } = startMember(coordinator)
  await expect.poll(() => fail.mock.calls.length).toBe(1)
  expect(String(fail.mock.calls[0])).toContain('INCONSISTENT_GROUP_PROTOCOL')
})

test('a denied group is reported until the member may join', async () => {
  const coordinator = new FakeCoordinator()
  coordinator.joinFaults = [codes.denied, codes.denied]
  const { assignments, onFault, fail } = startMember(coordinator)
  await assigned(assignments)
  const kinds = onFault.mock.calls.map(([fault]) => fault?.kind ?? null)
  expect(kinds.slice(0, 3)).toEqual(['denied', 'denied', null])
  expect(fail).not.toHaveBeenCalled()
})

test('the group assigns anew when a member asks for it', async () => {
  const coordinator = new FakeCoordinator()
  const { member, assignments } = startMember(coordinator)
  await assigned(assignments)
  member.rejoin()
  expect(await assigned(assignments, 2)).toMatchObject({ memberId: 'member-1', fresh: false })
})

test.each([
  [codes.illegalGeneration, 'outdated'],
  [codes.unknownMember, 'outdated'],
  [undefined, 'committed'],
])('a commit that Kafka answers with %s is %s', async (code, result) => {
  const coordinator = new FakeCoordinator()
  const { member, assignments } = startMember(coordinator)
  coordinator.commitFault = code
  expect(await member.commit(await assigned(assignments), offsets)).toBe(result)
})

test('a commit that Kafka cannot take at present is told to the caller', async () => {
  const coordinator = new FakeCoordinator()
  const { member, assignments } = startMember(coordinator)
  coordinator.commitFault = codes.rebalance
  await expect(member.commit(await assigned(assignments), offsets)).rejects.toThrow('REBALANCE_IN_PROGRESS')
})

test.each([
  [true, ['member-1']],
  [false, []],
])('a member that ends tells its group: %s', async (leavesAtEnd, left) => {
  const coordinator = new FakeCoordinator()
  const { member, assignments } = startMember(coordinator, leavesAtEnd)
  const last = await assigned(assignments)
  await member[Symbol.asyncDispose]()
  expect(coordinator.left).toEqual(left)
  expect(last.current).toBe(false)
})

test.each([
  ['alone in its group', true, 3_000],
  ['not alone in its group, as far as it knows,', false, 2_000],
])('a member that is %s beats at the interval for that', async (_name, isAlone, intervalMs) => {
  const coordinator = new FakeCoordinator()
  coordinator.isAlone = isAlone
  const { assignments, time } = startMember(coordinator)
  const slept = vi.spyOn(time.clock, 'sleep')
  await assigned(assignments)
  await expect.poll(() => coordinator.heartbeats).toBeGreaterThan(2)
  expect(slept.mock.calls.map(([ms]) => ms).filter((ms) => ms === 3_000 || ms === 2_000)).toContain(intervalMs)
  expect(slept.mock.calls.map(([ms]) => ms)).not.toContain(isAlone ? 2_000 : 3_000)
})
