import { parseBrokers } from '../../services/platform/kafka/broker-list.ts'
import { coPartitionAssigner, type Holder, shareOut } from '../../services/platform/kafka/co-partition.ts'
import { type Assignment, GroupConsumer } from '../../services/platform/kafka/consumer.ts'
import { GroupMember, type MemberAssignment, type Shares } from '../../services/platform/kafka/group/group-member.ts'
import { createTopics, withAdmin } from '../../services/platform/kafka/topics.ts'
import { Cluster } from '../../services/platform/kafka/wire/cluster.ts'
import { systemClock as clock } from '../../services/platform/runtime/clock.ts'
import { openKafka, testContext } from '../support/topic-reader.ts'
import { rounded } from './usage.ts'
import { openWorld, say } from './world.ts'

/**
 * `group`: a member of today's Kafka layer and one of the coming one in one group, as in a rolling
 * upgrade; commits of an outdated assignment; and how soon a member that is restarted has its partitions again.
 */

const partitions = 12
const topics = ['group-a', 'group-b']
const groupId = 'group-mixed'
const protocol = 'hookline-co-partition'
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
  await using cluster = new Cluster({ clientId: 'bench', brokers: parseBrokers(brokers.join(',')) ?? [] })
  const ofToday: Assignment[] = []
  await using _today = await GroupConsumer.open(
    openKafka(brokers),
    {
      groupId,
      topics,
      sessionTimeoutMs,
      maxWaitMs: 1_000,
      assigner: coPartitionAssigner,
      onAssigned: (assignment) => void ofToday.push(assignment),
      onBatch: ({ records }) => records.length,
      fail,
    },
    testContext,
  )
  await until(() => ofToday.length > 0)
  const alone = numbersOf(ofToday.at(-1)?.partitions)
  const own = openMember(cluster)
  await until(() => own.assignments.at(-1)?.current === true && ofToday.at(-1)?.current === true && ofToday.length > 1)
  const [kept, taken] = [numbersOf(ofToday.at(-1)?.partitions), numbersOf(own.assignments.at(-1)?.partitions)]
  say(`alone ${alone}; together: today ${kept}, own ${taken}`)
  const first = own.assignments.at(-1) as MemberAssignment
  const commits = [{ topic: topics[0] ?? '', partition: taken[0] ?? 0, offset: 7, metadata: 'map' }]
  const committed = await own.member.commit(first, commits)

  const leftMs = await timed(async () => {
    const before = ofToday.length
    await own.member[Symbol.asyncDispose]()
    await until(() => ofToday.length > before)
  })
  const outdated = await own.member.commit(first, commits)
  const dynamic = await restart(cluster, ofToday)
  const named = await restart(cluster, ofToday, 'instance-1')
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
async function restart(cluster: Cluster, ofToday: Assignment[], instanceId?: string): Promise<object> {
  const before = openMember(cluster, instanceId)
  await until(() => before.assignments.at(-1)?.current === true)
  await clock.sleep(4_000)
  const numbers = numbersOf(before.assignments.at(-1)?.partitions)
  const generations = ofToday.length
  before.member.leavesAtEnd = false
  await before.member[Symbol.asyncDispose]()
  const after = openMember(cluster, instanceId)
  const ms = await timed(() => until(() => after.assignments.at(-1)?.current === true))
  await clock.sleep(4_000)
  const back = numbersOf(after.assignments.at(-1)?.partitions)
  const result = {
    ms: rounded(ms),
    samePartitions: same(back, numbers),
    rebalancesOfOthers: ofToday.length - generations,
  }
  say(`restart ${instanceId ?? 'without a name'}: ${JSON.stringify(result)}`)
  after.member.leavesAtEnd = true
  await after.member[Symbol.asyncDispose]()
  await clock.sleep(1_000)
  return result
}

function openMember(cluster: Cluster, instanceId?: string) {
  const assignments: MemberAssignment[] = []
  const member = new GroupMember(cluster, {
    groupId,
    topics,
    protocol,
    userData: (memberId) =>
      Buffer.from(JSON.stringify({ memberId, numbers: numbersOf(assignments.at(-1)?.partitions) })),
    assign: async (members) => {
      const shares = shareOut(partitions, members.map(holderOf))
      return new Map(
        [...shares].map(([memberId, numbers]) => [memberId, new Map(topics.map((topic) => [topic, numbers]))]),
      )
    },
    sessionTimeoutMs,
    rebalanceTimeoutMs: 20_000,
    heartbeatMs: 1_000,
    ...(instanceId === undefined ? {} : { instanceId }),
    onAssigned: (assignment) => void assignments.push(assignment),
    clock,
    fail,
  })
  return { member, assignments }
}

function holderOf({ memberId, userData }: { memberId: string; userData: Buffer }): Holder {
  const held = JSON.parse(userData.toString() || '{}') as Partial<Holder>
  return { memberId, numbers: held.memberId === memberId ? (held.numbers ?? []) : [] }
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
