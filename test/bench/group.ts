import { withAdmin } from '../../services/platform/kafka/admin-client.ts'
import type { Assignment } from '../../services/platform/kafka/consumer.ts'
import { coPartition } from '../../services/platform/kafka/group/assigners.ts'
import { GroupConsumer } from '../../services/platform/kafka/group/group-consumer.ts'
import { GroupCoordinator } from '../../services/platform/kafka/group/group-coordinator.ts'
import { GroupMember, type MemberAssignment } from '../../services/platform/kafka/group/group-member.ts'
import type { Shares } from '../../services/platform/kafka/group/subscription.ts'
import { createTopics } from '../../services/platform/kafka/topics.ts'
import type { Cluster } from '../../services/platform/kafka/wire/cluster.ts'
import { systemClock as clock } from '../../services/platform/runtime/clock.ts'
import { openKafka, testContext } from '../support/topic-reader.ts'
import { rounded } from './usage.ts'
import { openWorld, say } from './world.ts'

/**
 * `group`: two members of a group; commits of an outdated assignment; and how soon a member that is restarted has its
 * partitions again.
 */

const partitions = 12
const topics = ['group-a', 'group-b']
const groupId = 'group-bench'
const sessionTimeoutMs = 8_000

export async function group(): Promise<object> {
  await using world = await openWorld()
  const brokers = (world.env.KAFKA_BROKERS ?? '').split(',')
  await withAdmin(world.kafka, (admin) =>
    createTopics(
      admin,
      topics.map((topic) => ({ topic, numPartitions: partitions })),
      clock,
    ),
  )
  const { cluster } = openKafka(brokers)
  const ofOther: Assignment[] = []
  await using _other = await GroupConsumer.open(
    openKafka(brokers),
    {
      groupId,
      topics,
      sessionTimeoutMs,
      maxWaitMs: 1_000,
      assigner: coPartition,
      onAssigned: (assignment) => void ofOther.push(assignment),
      onBatch: ({ records }) => records.length,
      fail,
    },
    testContext,
  )
  await until(() => ofOther.length > 0)
  const alone = numbersOf(ofOther.at(-1)?.partitions)
  const own = openMember(cluster)
  await until(() => own.assignments.at(-1)?.current === true && ofOther.at(-1)?.current === true && ofOther.length > 1)
  const [kept, taken] = [numbersOf(ofOther.at(-1)?.partitions), numbersOf(own.assignments.at(-1)?.partitions)]
  say(`alone ${alone}; together: ${kept} and ${taken}`)
  const first = own.assignments.at(-1) as MemberAssignment
  const commits = [{ topic: topics[0] ?? '', partition: taken[0] ?? 0, offset: 7, metadata: 'map' }]
  const committed = await own.member.commit(first, commits)

  const leftMs = await timed(async () => {
    const before = ofOther.length
    await own.member[Symbol.asyncDispose]()
    await until(() => ofOther.length > before)
  })
  const outdated = await own.member.commit(first, commits)
  const dynamic = await restart(cluster, ofOther)
  const named = await restart(cluster, ofOther, 'instance-1')
  return {
    sharesAreRight:
      same([...kept, ...taken], alone) &&
      kept.length === partitions / 2 &&
      kept.every((number) => alone.includes(number)),
    committed,
    outdatedCommit: outdated,
    partitionsMovedAfterLeavingMs: rounded(leftMs),
    restartAfterCrash: dynamic,
    restartWithInstanceId: named,
  }
}

/** A member that ends without leaving, and its successor: time until it has partitions, and rebalances of the others. */
async function restart(cluster: Cluster, ofOther: Assignment[], instanceId?: string): Promise<object> {
  const before = openMember(cluster, instanceId)
  await until(() => before.assignments.at(-1)?.current === true)
  await clock.sleep(4_000)
  const numbers = numbersOf(before.assignments.at(-1)?.partitions)
  const generations = ofOther.length
  before.member.leavesAtEnd = false
  await before.member[Symbol.asyncDispose]()
  const after = openMember(cluster, instanceId)
  const ms = await timed(() => until(() => after.assignments.at(-1)?.current === true))
  await clock.sleep(4_000)
  const back = numbersOf(after.assignments.at(-1)?.partitions)
  const result = {
    ms: rounded(ms),
    samePartitions: same(back, numbers),
    rebalancesOfOthers: ofOther.length - generations,
  }
  say(`restart ${instanceId ?? 'without a name'}: ${JSON.stringify(result)}`)
  after.member.leavesAtEnd = true
  await after.member[Symbol.asyncDispose]()
  await clock.sleep(1_000)
  return result
}

function openMember(cluster: Cluster, instanceId?: string) {
  const assignments: MemberAssignment[] = []
  const timeouts = { sessionTimeoutMs, rebalanceTimeoutMs: 20_000 }
  const coordinator = new GroupCoordinator(cluster, { groupId, topics, ...timeouts, instanceId: instanceId ?? null })
  const member = new GroupMember(
    coordinator,
    {
      topics,
      protocol: coPartition.protocol,
      userData: (memberId) =>
        coPartition.userData({ memberId, partitions: assignments.at(-1)?.partitions ?? new Map() }),
      assign: async (members) => coPartition.assign(new Map(topics.map((topic) => [topic, partitions])), members),
      sessionTimeoutMs,
      heartbeatMs: 1_000,
      aloneHeartbeatMs: 1_000,
      onAssigned: (assignment) => void assignments.push(assignment),
      onLost: () => undefined,
      onSilence: () => undefined,
      onFault: () => undefined,
      clock,
      fail,
    },
    instanceId === undefined,
  )
  return { member, assignments }
}

function numbersOf(shares: Shares | undefined): number[] {
  return [...(shares?.get(topics[0] ?? '') ?? [])].sort((a, b) => a - b)
}

function same(a: number[], b: number[]): boolean {
  return JSON.stringify([...a].sort((x, y) => x - y)) === JSON.stringify([...b].sort((x, y) => x - y))
}

async function until(holds: () => boolean): Promise<void> {
  const startMs = clock.monotonicMs()
  while (!holds()) {
    if (clock.monotonicMs() - startMs > 60_000) throw new Error('waited for a minute')
    await clock.sleep(20)
  }
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const startMs = clock.monotonicMs()
  await work()
  return clock.monotonicMs() - startMs
}

function fail(error: unknown): void {
  throw error
}
