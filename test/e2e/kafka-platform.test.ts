import { randomUUID } from 'node:crypto'
import type { Admin, Producer } from 'kafkajs'
import { pino } from 'pino'
import { afterAll, beforeAll, expect, inject, test } from 'vitest'
import { maxCommitMetadataBytes } from '../../services/platform/commit-metadata.ts'
import { withAdmin } from '../../services/platform/kafka/admin-client.ts'
import { createKafka } from '../../services/platform/kafka/client.ts'
import { fetchCommitted } from '../../services/platform/kafka/committed.ts'
import type { Assignment } from '../../services/platform/kafka/consumer.ts'
import { coPartition } from '../../services/platform/kafka/group/assigners.ts'
import { GroupConsumer } from '../../services/platform/kafka/group/group-consumer.ts'
import type { GroupConsumerOptions } from '../../services/platform/kafka/group/group-consumer-options.ts'
import { assertSameCounts } from '../../services/platform/kafka/partitioning/co-partition.ts'
import { RangeReader } from '../../services/platform/kafka/readers/range-reader.ts'
import { TopicTable } from '../../services/platform/kafka/readers/table.ts'
import { createTopics } from '../../services/platform/kafka/topics.ts'
import { countPartitions } from '../../services/platform/kafka/wire/count-partitions.ts'
import { systemClock } from '../../services/platform/runtime/clock.ts'
import { Readiness } from '../../services/platform/runtime/readiness/readiness.ts'
import { openKafkajs } from '../support/kafkajs.ts'

const prefix = `kafka-platform-test-${randomUUID()}-`
const logged: string[] = []
const context = {
  log: pino({ level: 'info' }, { write: (line) => void logged.push((JSON.parse(line) as { msg: string }).msg) }),
  clock: systemClock,
  readiness: new Readiness(),
}
const kafka = createKafka(
  {
    KAFKA_BROKERS: inject('brokers').join(','),
    KAFKA_CLIENT_ID: 'kafka-platform-test',
  },
  context.log,
)
/** The shortest session that brokers allow. */
const sessionTimeoutMs = 6_000
const topic = (name: string) => `${prefix}${name}`
const partitionsByTopic: Record<string, number> = {
  left: 6,
  right: 6,
  wider: 8,
  numbers: 3,
  committed: 1,
  aborted: 1,
  deleted: 1,
  timed: 2,
  large: 1,
  waits: 1,
}
const readTopics = ['numbers', 'committed', 'aborted', 'deleted', 'timed', 'large'].map(topic)
const recordsEach = 100
const largeRecords = 3_000

let admin: Admin
let producer: Producer
let reader: RangeReader
const failures: unknown[] = []
const fail = (error: unknown) => void failures.push(error)

beforeAll(async () => {
  const independent = openKafkajs(inject('brokers'))
  admin = independent.admin()
  await admin.connect()
  const wanted = Object.entries(partitionsByTopic).map(([name, numPartitions]) => ({
    topic: topic(name),
    numPartitions,
  }))
  await createTopics(admin, wanted, systemClock)
  producer = independent.producer({ allowAutoTopicCreation: false })
  await producer.connect()
  for (const partition of [0, 1, 2]) await fill(producer, 'numbers', recordsEach, partition)
  reader = await RangeReader.open(kafka, { topics: readTopics, fail }, context)
})

test('topics created by several processes at once have leaders when each of them continues', async () => {
  const namesOf = (maker: number) => Array.from({ length: 8 }, (_, i) => topic(`made-${maker}-${i}`))
  const makers = [0, 1, 2, 3]
  const made = makers.map((maker) =>
    withAdmin(kafka, async (own) => {
      const wanted = namesOf(maker).map((name) => ({ topic: name, numPartitions: 6 }))
      await createTopics(own, wanted, systemClock)
      await createTopics(own, wanted, systemClock)
      return [...(await countPartitions(kafka.cluster, namesOf(maker))).values()]
    }),
  )
  expect(await Promise.all(made)).toEqual(makers.map(() => Array.from({ length: 8 }, () => 6)))
  await admin.deleteTopics({ topics: makers.flatMap(namesOf) })
})

afterAll(async () => {
  await reader[Symbol.asyncDispose]()
  await producer.disconnect()
  await admin.deleteTopics({ topics: Object.keys(partitionsByTopic).map(topic) })
  await admin.disconnect()
  expect(failures).toEqual([])
})

type Sender = Pick<Producer, 'send'>

async function fill(to: Sender, name: string, count: number, partition = 0, valueBytes = 10): Promise<void> {
  const value = Buffer.alloc(valueBytes, 'x')
  const messages = Array.from({ length: count }, () => ({ key: 'key', value, partition }))
  for (let from = 0; from < count; from += 500)
    await to.send({ topic: topic(name), messages: messages.slice(from, from + 500) })
}

/** Produces `count` records in one transaction. Its marker takes an offset behind them that no reader sees. */
async function transaction(name: string, count: number, end: 'commit' | 'abort'): Promise<void> {
  const transactional = openKafkajs(inject('brokers')).producer({
    transactionalId: randomUUID(),
    idempotent: true,
    maxInFlightRequests: 1,
  })
  await transactional.connect()
  const open = await transactional.transaction()
  await fill(open, name, count)
  await open[end]()
  await transactional.disconnect()
}

async function offsetsOf(
  name: string,
  partition: number,
  from: number,
  to: number,
  isThere = false,
): Promise<number[]> {
  const offsets: number[] = []
  await reader.read(topic(name), partition, from, to, (record) => offsets.push(record.offset), { isThere })
  return offsets
}

function range(from: number, to: number): number[] {
  return Array.from({ length: Math.max(0, to - from) }, (_, index) => from + index)
}

test.each([
  { from: 0, to: 100, result: range(0, 100), why: 'everything' },
  { from: 10, to: 20, result: range(10, 20), why: 'a part' },
  { from: 99, to: 100, result: [99], why: 'the last' },
  { from: 90, to: 1_000, result: range(90, 100), why: 'up to the end where more is asked for' },
  { from: -5, to: 3, result: range(0, 3), why: 'from the start where more is asked for' },
  { from: 20, to: 20, result: [], why: 'an empty range' },
  { from: 30, to: 20, result: [], why: 'a range upside down' },
  { from: 500, to: 900, result: [], why: 'a range beyond the end' },
])('the range reader reads $why: $from to $to', async ({ from, to, result }) => {
  expect(await offsetsOf('numbers', 1, from, to)).toEqual(result)
})

test('the range reader reads partitions concurrently, and ranges of one partition one after another', async () => {
  const seen: string[] = []
  const read = (partition: number, from: number, to: number, name: string) =>
    reader.read(topic('numbers'), partition, from, to, () => seen.push(name)).then(() => seen.push(`${name} done`))
  await Promise.all([read(0, 50, 100, 'a'), read(0, 0, 60, 'b'), read(1, 0, 100, 'c'), read(2, 10, 20, 'd')])
  const ofPartition0 = seen.filter((entry) => /^[ab]/.test(entry))
  expect(ofPartition0).toEqual([...Array(50).fill('a'), 'a done', ...Array(60).fill('b'), 'b done'])
  expect(seen.filter((entry) => entry === 'c')).toHaveLength(100)
  expect(seen.filter((entry) => entry === 'd')).toHaveLength(10)
})

test('an exception in onRecord ends that read only', async () => {
  const bad = reader.read(topic('numbers'), 0, 0, 100, ({ offset }) => {
    if (offset === 5) throw new Error('no use for record 5')
  })
  const next = offsetsOf('numbers', 0, 0, 10)
  await expect(bad).rejects.toThrow('no use for record 5')
  expect(await next).toEqual(range(0, 10))
})

test('a read ends when onRecord wants no more, and the next read starts at the given offset', async () => {
  const some: number[] = []
  const first = reader.read(topic('numbers'), 0, 0, 100, ({ offset }) => some.push(offset) < 5)
  const next = offsetsOf('numbers', 0, 3, 10, true)
  await first
  expect(some).toEqual(range(0, 5))
  expect(await next).toEqual(range(3, 10))
})

test('reading a partition that does not exist is refused', async () => {
  await expect(offsetsOf('numbers', 7, 0, 10)).rejects.toThrow(`${topic('numbers')} has no partition 7`)
})

test.each(['commit', 'abort'] as const)('a topic that ends with a transaction is read to its end: %s', async (end) => {
  const name = end === 'commit' ? 'committed' : 'aborted'
  await fill(producer, name, 5)
  await transaction(name, 5, end)
  const visible = end === 'commit' ? 10 : 5
  // The marker is written after the end of the transaction is acknowledged.
  await expect.poll(() => reader.ends(topic(name))).toEqual([{ partition: 0, low: 0, high: 11 }])
  expect(await offsetsOf(name, 0, 0, 11)).toEqual(range(0, visible))
  // Reading also works from an offset that no reader sees.
  expect(await offsetsOf(name, 0, visible, 11)).toEqual([])

  const folded: number[] = []
  const table = await TopicTable.open(
    kafka,
    {
      topic: topic(name),
      fail,
      onRecord: ({ offset }) => folded.push(offset),
    },
    context,
  )
  await table[Symbol.asyncDispose]()
  expect(folded).toEqual(range(0, visible))
})

test('a reader begins at the start of a log whose first records are deleted', async () => {
  await fill(producer, 'deleted', 20)
  // kafkajs deletes only records of topics that the client has requested metadata of.
  await admin.fetchTopicOffsets(topic('deleted'))
  await admin.deleteTopicRecords({ topic: topic('deleted'), partitions: [{ partition: 0, offset: '12' }] })
  expect(await reader.ends(topic('deleted'))).toEqual([{ partition: 0, low: 12, high: 20 }])
  expect(await offsetsOf('deleted', 0, 3, 15)).toEqual(range(12, 15))
  expect(await offsetsOf('deleted', 0, 3, 10)).toEqual([])
  // The same without asking Kafka first.
  expect(await offsetsOf('deleted', 0, 3, 15, true)).toEqual(range(12, 15))
  expect(await offsetsOf('deleted', 0, 3, 10, true)).toEqual([])

  // All records are deleted while the read waits for its first fetch, and no further ones follow.
  const reading = offsetsOf('deleted', 0, 12, 20)
  await reader.ends(topic('deleted'))
  await admin.deleteTopicRecords({ topic: topic('deleted'), partitions: [{ partition: 0, offset: '20' }] })
  expect([[], range(12, 20)]).toContainEqual(await reading)
})

test('a time is resolved to its first offset, or to the end if there is none', async () => {
  const messages = [1_000, 2_000, 3_000].map((timestamp) => ({
    key: 'k',
    value: 'v',
    timestamp: `${timestamp}`,
    partition: 1,
  }))
  await producer.send({ topic: topic('timed'), messages })
  const at = (timestampMs: number) =>
    reader.offsetsAt(topic('timed'), timestampMs).then((offsets) => [...offsets].sort())
  expect(await at(-1)).toEqual([
    [0, 0],
    [1, 0],
  ])
  await expect(at(Number.NaN)).rejects.toThrow('no time')
  expect(await at(1_500)).toEqual([
    [0, 0],
    [1, 1],
  ])
  expect(await at(3_000)).toEqual([
    [0, 0],
    [1, 2],
  ])
  expect(await at(3_001)).toEqual([
    [0, 0],
    [1, 3],
  ])
})

test('a range of many fetches is read once and in order, and so is the partition asked for next', async () => {
  await fill(producer, 'large', largeRecords, 0, 2_000)
  expect(await offsetsOf('large', 0, 0, largeRecords)).toEqual(range(0, largeRecords))
  expect(await offsetsOf('numbers', 2, 0, 100)).toEqual(range(0, 100))
})

test('closing a reader rejects reads in progress', async () => {
  const closing = await RangeReader.open(kafka, { topics: readTopics, fail }, context)
  const reading = expect(closing.read(topic('numbers'), 0, 0, 100, () => undefined)).rejects.toThrow(
    'the range reader is closed',
  )
  await closing[Symbol.asyncDispose]()
  await reading
})

test('readers join no groups', async () => {
  const { groups } = await admin.listGroups()
  expect(groups.filter(({ groupId }) => groupId.startsWith(prefix))).toEqual([])
})

/** A member of a group that takes everything and commits nothing by itself. */
async function member(groupId: string, topics: string[], over: Partial<GroupConsumerOptions> = {}) {
  const assigned: Record<string, number[]>[] = []
  const consumer = await GroupConsumer.open(
    kafka,
    {
      groupId: topic(groupId),
      topics: topics.map(topic),
      sessionTimeoutMs,
      maxWaitMs: 250,
      assigner: coPartition,
      onAssigned: (assignment) => assigned.push(numbersOf(assignment)),
      onBatch: ({ records }) => records.length,
      fail,
      ...over,
    },
    context,
  )
  return { consumer, latest: () => assigned.at(-1) ?? {} }
}

function numbersOf({ partitions }: Assignment): Record<string, number[]> {
  return Object.fromEntries([...partitions].map(([name, numbers]) => [name.slice(prefix.length), numbers.toSorted()]))
}

test('members of a group get the same partition numbers of all topics, and keep what they can', async () => {
  const sizeOf = (of: { latest(): Record<string, number[]> }) => of.latest().left?.length
  const both = (numbers: number[] | undefined) => ({ left: numbers, right: numbers })
  const first = await member('co', ['left', 'right'])
  expect(first.latest()).toEqual(both(range(0, 6)))
  const { assignment } = first.consumer

  const second = await member('co', ['left', 'right'])
  await expect.poll(() => [sizeOf(first), sizeOf(second)]).toEqual([3, 3])
  const kept = [first.latest().left, second.latest().left]
  for (const of of [first, second]) expect(of.latest()).toEqual(both(of.latest().left))
  expect(kept.flat().sort()).toEqual(range(0, 6))
  const commits = [{ topic: topic('left'), partition: kept[0]?.[0] ?? 0, offset: 1 }]
  expect(await first.consumer.commit(assignment, commits)).toBe('outdated')
  expect(await first.consumer.commit(first.consumer.assignment, commits)).toBe('committed')

  const third = await member('co', ['left', 'right'])
  await expect.poll(() => [first, second, third].map(sizeOf)).toEqual([2, 2, 2])
  expect(kept[0]).toEqual(expect.arrayContaining(first.latest().left ?? []))
  expect(kept[1]).toEqual(expect.arrayContaining(second.latest().left ?? []))

  const before = second.latest().left
  await first.consumer[Symbol.asyncDispose]()
  await expect.poll(() => [second, third].map(sizeOf)).toEqual([3, 3])
  expect(second.latest().left).toEqual(expect.arrayContaining(before ?? []))
  for (const { consumer } of [second, third]) await consumer[Symbol.asyncDispose]()
})

test('a consumer that waits for records leaves its group at once', async () => {
  await fill(producer, 'waits', 5)
  let seen = 0
  const onBatch: GroupConsumerOptions['onBatch'] = ({ records }) => {
    seen += records.length
    return records.length
  }
  const { consumer } = await member('waits', ['waits'], { maxWaitMs: 300_000, onBatch })
  await expect.poll(() => seen).toBe(5)
  // The next fetch is on its way by then.
  await systemClock.sleep(500)
  // A consumer aborts its fetch to leave; otherwise leaving would take as long as a request may: 20 s.
  const left = consumer[Symbol.asyncDispose]().then(() => 'has left')
  expect(await Promise.race([left, systemClock.sleep(15_000).then(() => 'still waits')])).toBe('has left')
})

test('topics with different partition counts are refused, both before joining and by the group', async () => {
  const message = `${topic('left')} has 6, ${topic('wider')} has 8`
  const counts = await countPartitions(kafka.cluster, ['left', 'wider', 'none'].map(topic))
  expect(() => assertSameCounts(counts)).toThrow(`${message}, ${topic('none')} is missing`)

  const failed = Promise.withResolvers<unknown>()
  await expect(member('differ', ['left', 'wider'], { fail: failed.resolve })).rejects.toThrow(message)
  expect(String(await failed.promise)).toContain(message)
})

test('the metadata committed with an offset comes back', async () => {
  await fill(producer, 'left', 20, 2)
  let current: Assignment | undefined
  const groupId = topic('commits')
  const { consumer } = await member('commits', ['left', 'right'], {
    onAssigned: (assignment) => {
      current = assignment
    },
  })
  const none = await fetchCommitted(kafka, groupId, [topic('left')], context)
  expect(none).toEqual(new Map([[topic('left'), new Map()]]))

  if (!current) throw new Error('nothing is assigned')
  // The largest metadata that a broker accepts (offset.metadata.max.bytes).
  const metadata = '1:'.padEnd(maxCommitMetadataBytes, 'm')
  const commits = [
    { topic: topic('left'), partition: 2, offset: 17, metadata },
    { topic: topic('right'), partition: 5, offset: 0 },
  ]
  expect(await consumer.commit(current, commits)).toBe('committed')
  expect(await fetchCommitted(kafka, groupId, ['left', 'right'].map(topic), context)).toEqual(
    new Map([
      [topic('left'), new Map([[2, { offset: 17, metadata }]])],
      [topic('right'), new Map([[5, { offset: 0, metadata: '' }]])],
    ]),
  )
  await consumer[Symbol.asyncDispose]()
})

test('a table that catches up while its topic grows does not take the new records for another log', async () => {
  const name = 'growing'
  await createTopics(admin, [{ topic: topic(name), numPartitions: 1 }], systemClock)
  const failures: unknown[] = []
  const options = {
    topic: topic(name),
    fail: (error: unknown) => void failures.push(error),
    onRecord: () => undefined,
  }
  await using table = await TopicTable.open(kafka, options, context)
  const over = new AbortController()
  const growing = (async () => {
    while (!over.signal.aborted) await producer.send({ topic: topic(name), messages: [{ key: 'k', value: 'v' }] })
  })()
  // Concurrent, like edits of several businesses.
  for (let round = 0; round < 10; round++) await Promise.all(Array.from({ length: 8 }, () => table.caughtUp()))
  over.abort()
  await growing
  expect(failures).toEqual([])
  expect(table.position(0)).toBeGreaterThan(0)
})
