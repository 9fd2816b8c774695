import { expect, test } from 'vitest'
import type { GroupMembership } from '../../../services/platform/kafka/access/kafka-access.ts'
import type { Assignment, RecordBatch } from '../../../services/platform/kafka/consumer.ts'
import { RecordRefused } from '../../../services/platform/kafka/produce/producer.ts'
import { accessSimulated } from '../../simulation/kafka/access.ts'
import { SimulatedCluster } from '../../simulation/kafka/cluster.ts'
import { SimulatedProcess } from '../../simulation/process.ts'
import { World } from '../../simulation/world.ts'

const context = {} as never
const fail = (error: unknown) => {
  throw error
}

/** A cluster with one topic, and what its clients did that real ones must not do. */
function createCluster(partitions = 2) {
  const world = new World(5)
  const violations: string[] = []
  const cluster = new SimulatedCluster(world, (what) => void violations.push(what))
  cluster.createTopic('t', partitions)
  const run = (forMs: number) => world.run(() => false, world.elapsedMs + forMs)
  return { world, cluster, violations, run }
}

type Member = {
  process: SimulatedProcess
  membership: () => GroupMembership
  assignments: Assignment[]
  batches: RecordBatch[]
}

function join(cluster: SimulatedCluster, name: string, groupId = 'g', topic = 't'): Member {
  const process = new SimulatedProcess(cluster.world, name)
  const assignments: Assignment[] = []
  const batches: RecordBatch[] = []
  let membership: GroupMembership | undefined
  void accessSimulated(process, cluster).joinGroup(
    {
      groupId,
      topics: [topic],
      sessionTimeoutMs: 10_000,
      maxWaitMs: 100,
      assigner: (() => undefined) as never,
      onAssigned: (assignment, self) => {
        assignments.push(assignment)
        membership = self
      },
      onBatch: (batch) => batches.push(batch) && batch.records.length,
      fail,
    },
    context,
  )
  return { process, membership: () => membership as GroupMembership, assignments, batches }
}

const numbersOf = (assignment: Assignment | undefined) => [...(assignment?.partitions.get('t') ?? [])]
const commit = (offset: number) => [{ topic: 't', partition: 0, offset, metadata: 'm' }]

test('partitions move when a member joins, and when one is killed once its session is over', async () => {
  const { cluster, run } = createCluster()
  const first = join(cluster, 'a')
  await run(1_000)
  expect(numbersOf(first.assignments.at(-1))).toEqual([0, 1])
  const second = join(cluster, 'b')
  await run(5_000)
  const shared = [first, second].map(({ assignments }) => numbersOf(assignments.at(-1)))
  expect(shared.flat().sort()).toEqual([0, 1])
  expect(first.assignments[0]?.current).toBe(false)
  first.process.kill()
  await run(5_000)
  expect(numbersOf(second.assignments.at(-1))).toHaveLength(1)
  await run(15_000)
  expect(numbersOf(second.assignments.at(-1))).toEqual([0, 1])
  expect(second.assignments.map(({ fresh }) => fresh)).toEqual([true, false])
})

test('a commit of an earlier generation is refused, also by a member that was paused past its session', async () => {
  const { cluster, run, violations } = createCluster(1)
  cluster.log('t', 0).append({ key: null, value: null, headers: {}, timestampMs: 0, appendedMs: 0 })
  const paused = join(cluster, 'a')
  await run(1_000)
  const before = paused.membership().assignment
  paused.process.pause()
  const other = join(cluster, 'b')
  await run(40_000)
  expect(numbersOf(other.assignments.at(-1))).toEqual([0])
  expect(await withRun(run, other.membership().commit(other.membership().assignment, commit(1)))).toBe('committed')
  const late = paused.membership().commit(before, commit(0))
  paused.process.resume()
  expect(await withRun(run, late)).toBe('failed')
  await run(20_000)
  expect(await withRun(run, paused.membership().commit(before, commit(0)))).toBe('outdated')
  expect(paused.assignments.at(-1)?.fresh).toBe(true)
  expect(cluster.group('g').commits.get('t/0')).toEqual({ offset: 1, metadata: 'm' })
  expect(violations).toEqual([])
})

test('records are in the order of writing, and twice where the answer was lost', async () => {
  const { cluster, run } = createCluster(1)
  const process = new SimulatedProcess(cluster.world, 'p')
  const producer = await accessSimulated(process, cluster).openProducer({ fail }, context)
  cluster.weather.lostShare = 0.5
  const acknowledged: number[] = []
  for (let number = 0; number < 200; number++)
    cluster.world.after(number * 100, () =>
      producer.enqueue(
        { topic: 't', key: 'k', value: String(number) },
        ({ offset }) => acknowledged.push(offset),
        fail,
      ),
    )
  await run(20_000)
  cluster.weather.lostShare = 0
  await run(60_000)
  const values = cluster.log('t', 0).records.map(({ value }) => Number(value))
  expect(values.length).toBeGreaterThan(200)
  expect([...new Set(values)]).toEqual(Array.from({ length: 200 }, (_, number) => number))
  expect(acknowledged).toHaveLength(200)
  expect(acknowledged).toEqual([...acknowledged].sort((a, b) => a - b))
  expect(acknowledged.map((offset) => values[offset])).toEqual([...new Set(values)])
  expect(producer.bufferedBytes).toBe(0)
})

test('a record that is too large is refused alone, and a topic without rights holds its records back', async () => {
  const { cluster, run } = createCluster(1)
  cluster.maxRecordBytes = 10
  const process = new SimulatedProcess(cluster.world, 'p')
  const producer = await accessSimulated(process, cluster).openProducer({ fail }, context)
  const sent = ['small', 'much too large', 'small too'].map((value) => producer.send({ topic: 't', key: 'k', value }))
  const results = Promise.allSettled(sent)
  await run(5_000)
  expect((await results).map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled'])
  cluster.forbidden.add('t')
  const refused = producer
    .send({ topic: 't', key: 'k', value: 'now', whileForbidden: 'refuse' })
    .catch((error) => error)
  const waiting = producer.send({ topic: 't', key: 'k', value: 'later' })
  await run(5_000)
  expect(await refused).toBeInstanceOf(RecordRefused)
  expect(producer.takes(['t'])).toBe(false)
  cluster.forbidden.delete('t')
  expect(await withRun(run, waiting)).toEqual({ offset: 2 })
  expect(producer.takes(['t'])).toBe(true)
})

test('a record tells whether its writer had the partition number, also in topics that its group does not contain', async () => {
  const { cluster, run } = createCluster(1)
  for (const topic of ['webhook-deliveries', 'webhook-retries-1m']) cluster.createTopic(topic, 1)
  const { process: owner } = join(cluster, 'dispatcher-1#0', 'dispatcher', 'webhook-deliveries')
  await run(1_000)
  const other = new SimulatedProcess(cluster.world, 'dispatcher-2#0')
  for (const process of [owner, other]) {
    const producer = await accessSimulated(process, cluster).openProducer({ fail }, context)
    await withRun(run, producer.send({ topic: 'webhook-retries-1m', key: 'k', value: 'v' }))
  }
  expect(cluster.log('webhook-retries-1m', 0).records.map(({ isOfOwner }) => isOfOwner)).toEqual([true, false])
})

test('a broker that goes away answers nobody until its partitions have another leader', async () => {
  const { cluster, run } = createCluster(1)
  const process = new SimulatedProcess(cluster.world, 'p')
  const producer = await accessSimulated(process, cluster).openProducer({ fail }, context)
  const { leader } = cluster.log('t', 0)
  cluster.takeAway(leader, 60_000)
  const sent = producer.send({ topic: 't', key: 'k', value: 'v' })
  await run(400)
  expect(cluster.recordCount('t')).toBe(0)
  expect(await withRun(run, sent)).toEqual({ offset: 0 })
  expect(cluster.log('t', 0).leader).not.toBe(leader)
})

test('a table has the last record of each key after a compaction, and readers pass over the gaps', async () => {
  const { cluster, run, world } = createCluster(1)
  const log = cluster.log('t', 0)
  for (const text of ['a1', 'b1', 'a2', 'a3', 'b2'])
    log.append({
      key: Buffer.from(text.charAt(0)),
      value: Buffer.from(text),
      headers: {},
      timestampMs: 0,
      appendedMs: 0,
    })
  log.compact(1)
  expect(log.records.map(({ offset }) => offset)).toEqual([3, 4])
  const kafka = accessSimulated(new SimulatedProcess(world, 'p'), cluster)
  const read: string[] = []
  const onRecord = ({ value }: { value: Buffer | null }) => void read.push(String(value))
  const table = await withRun(run, kafka.openTable({ topic: 't', onRecord, fail }, context))
  expect([read, table.position(0)]).toEqual([['a3', 'b2'], 5])
  const reader = await kafka.openRangeReader({ topics: ['t'], fail }, context)
  const ranged: number[] = []
  await withRun(
    run,
    reader.read('t', 0, 0, 100, ({ offset }) => ranged.push(offset)),
  )
  expect(ranged).toEqual([3, 4])
})

/** Runs the world until the promise is settled. */
async function withRun<T>(run: (forMs: number) => Promise<void>, promise: Promise<T>): Promise<T> {
  let isSettled = false
  const settled = promise.finally(() => {
    isSettled = true
  })
  settled.catch(() => undefined)
  for (let turns = 0; turns < 600 && !isSettled; turns++) await run(100)
  return settled
}
