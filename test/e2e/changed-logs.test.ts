import { randomUUID } from 'node:crypto'
import type { Admin, Producer } from 'kafkajs'
import { pino } from 'pino'
import { afterAll, beforeAll, expect, inject, test } from 'vitest'
import { until } from '../../deploy/local/process/until.ts'
import { fetchCommitted } from '../../services/platform/kafka/committed.ts'
import type { ConsumedRecord } from '../../services/platform/kafka/consumer.ts'
import { GroupConsumer } from '../../services/platform/kafka/group/group-consumer.ts'
import type { PartitionStart } from '../../services/platform/kafka/group/start-positions.ts'
import { LogChanged } from '../../services/platform/kafka/log-ids.ts'
import { QuietTopicReader } from '../../services/platform/kafka/readers/quiet-topic-reader.ts'
import { RangeReader } from '../../services/platform/kafka/readers/range-reader.ts'
import { TopicTable } from '../../services/platform/kafka/readers/table.ts'
import { tailTopic } from '../../services/platform/kafka/readers/tail.ts'
import { createTopics } from '../../services/platform/kafka/topics.ts'
import { systemClock } from '../../services/platform/runtime/clock.ts'
import { Readiness } from '../../services/platform/runtime/readiness/readiness.ts'
import { recreateTopic } from '../support/recreate-topic.ts'
import { openKafka } from '../support/topic-reader.ts'

const kafka = openKafka(inject('brokers'))
const prefix = `changed-logs-test-${randomUUID()}-`
const sessionTimeoutMs = 6_000
const noticedWithinMs = 60_000
const otherLogId = 'AAAAAAAAQACAAAAAAAAAAQ'
const logged: { msg: string; topic?: string; fromOffset?: number }[] = []
const log = pino({ level: 'warn' }, { write: (line) => void logged.push(JSON.parse(line)) })
const context = { log, clock: systemClock, readiness: new Readiness() }

let admin: Admin
let producer: Producer

beforeAll(async () => {
  admin = kafka.admin()
  await admin.connect()
  producer = kafka.producer({ allowAutoTopicCreation: false })
  await producer.connect()
})

afterAll(async () => {
  await producer?.disconnect()
  await admin?.disconnect()
})

type OpenReader = (
  topic: string,
  fail: (error: unknown) => void,
  take: (record: ConsumedRecord) => void,
  onStart?: (start: PartitionStart) => void,
) => Promise<AsyncDisposable>

const openGroup: OpenReader = (topic, fail, take, onStart) =>
  GroupConsumer.open(
    kafka,
    {
      groupId: `${topic}-group`,
      topics: [topic],
      sessionTimeoutMs,
      maxWaitMs: 500,
      fail,
      ...(onStart && { onStart }),
      onBatch({ records }) {
        for (const record of records) take(record)
        return records.length
      },
    },
    context,
  )

/** Every way in which the services read topics. */
const readers: [string, OpenReader][] = [
  ['GroupConsumer', openGroup],
  ['TopicTable', (topic, fail, onRecord) => TopicTable.open(kafka, { topic, onRecord, fail }, context)],
  [
    'QuietTopicReader',
    async (topic, fail, take) => {
      const follower = await QuietTopicReader.open(
        kafka,
        {
          topics: [topic],
          maxWaitMs: 500,
          fail,
          onBatch({ records }) {
            for (const record of records) take(record)
            return records.length
          },
        },
        context,
      )
      follower.read(new Map([[topic, new Map([[0, 0]])]]))
      return follower
    },
  ],
  [
    'RangeReader',
    async (topic, fail, take) => {
      const reader = await RangeReader.open(kafka, { topics: [topic], fail }, context)
      await reader.read(topic, 0, 0, 1_000, take)
      return reader
    },
  ],
  ['Tail', (topic, fail, onRecord) => tailTopic(kafka, { topic, onRecord, fail }, context)],
]

test.each(readers)(
  '%s: a topic that was deleted and created again ends the process with its name and both ids',
  async (name, open) => {
    const topic = await makeTopic(name)
    await write(topic, 10)
    const failures: unknown[] = []
    await using _reader = await open(
      topic,
      (error) => failures.push(error),
      () => undefined,
    )
    await systemClock.sleep(1_000)
    await recreateTopic(admin, topic)
    // The topic gets more records than it had: by offsets alone, nothing has changed.
    await write(topic, 20)
    expect(await until(() => failures.length > 0, noticedWithinMs, systemClock)).toBe(true)
    expect(failures[0]).toBeInstanceOf(LogChanged)
    // Noticed by the topic's id, or because records that were read are missing.
    const { message } = failures[0] as LogChanged
    expect(message).toContain(topic)
    expect(message).toMatch(/recreated/)
    expect(message).toMatch(/ends at (0: )?\d+ now/)
  },
)

test.each([
  ['of another log', 5, otherLogId],
  ['from behind the end', 1_000, null],
])('a commit %s does not count: reading begins at the first record', async (name, offset, logId) => {
  const topic = await makeTopic('commits')
  await write(topic, 20)
  await commitOnce(topic, offset, logId)
  expect((await fetchCommitted(kafka, `${topic}-group`, [topic], context)).get(topic), name).toEqual(new Map())
  const seen: number[] = []
  await using _reader = await openGroup(topic, failNever, (record) => seen.push(record.offset))
  expect(await until(() => seen.length === 20, noticedWithinMs, systemClock)).toBe(true)
  expect(seen[0]).toBe(0)
  expect(linesOf(topic)).toContainEqual(expect.stringContaining('the commit belongs to another log'))
})

test('reading continues from a commit of the same log', async () => {
  const topic = await makeTopic('own-commit')
  await write(topic, 20)
  const groupId = `${topic}-group`
  await admin.setOffsets({ groupId, topic, partitions: [{ partition: 0, offset: '15' }] })
  const seen: number[] = []
  const starts: PartitionStart[] = []
  const reader = (await openGroup(
    topic,
    failNever,
    (record) => seen.push(record.offset),
    (start) => starts.push(start),
  )) as GroupConsumer
  expect(await until(() => seen.length === 5, noticedWithinMs, systemClock)).toBe(true)
  expect(starts).toEqual([{ topic, partition: 0, offset: 15, highWatermark: 20 }])
  const commits = [{ topic, partition: 0, offset: 20, metadata: 'map' }]
  expect(await reader.commit(reader.assignment, commits)).toBe('committed')
  expect((await fetchCommitted(kafka, groupId, [topic], context)).get(topic)).toEqual(
    new Map([[0, { offset: 20, metadata: 'map' }]]),
  )
  expect((await kafka.cluster.metadata([topic])).get(topic)?.id).toBe(reader.findLogId(topic))
  await reader[Symbol.asyncDispose]()
})

test('records deleted behind a commit are skipped with a log line', async () => {
  const topic = await makeTopic('truncated')
  await write(topic, 20)
  await commitOnce(topic, 5, null)
  await admin.deleteTopicRecords({ topic, partitions: [{ partition: 0, offset: '14' }] })
  const seen: number[] = []
  await using _reader = await openGroup(topic, failNever, (record) => seen.push(record.offset))
  expect(await until(() => seen.at(-1) === 19, noticedWithinMs, systemClock)).toBe(true)
  expect(seen[0]).toBe(14)
  expect(linesOf(topic)).toContain('records were deleted before they were read')
})

const openFollower = readers[2]?.[1] as OpenReader

test('records deleted while a consumer reads are skipped with a log line', async () => {
  const topic = await makeTopic('deleted')
  await write(topic, 20)
  const seen: number[] = []
  await using follower = (await openFollower(topic, failNever, (record) =>
    seen.push(record.offset),
  )) as QuietTopicReader
  expect(await until(() => seen.length === 20, noticedWithinMs, systemClock)).toBe(true)
  await admin.deleteTopicRecords({ topic, partitions: [{ partition: 0, offset: '14' }] })
  follower.read(new Map([[topic, new Map([[0, 5]])]]))
  expect(await until(() => seen.length === 26, noticedWithinMs, systemClock)).toBe(true)
  expect(seen[20]).toBe(14)
  expect(linesOf(topic)).toContain('records were deleted before they were read')
})

test('a log that ends before the position already read ends the process with its name and offsets', async () => {
  const topic = await makeTopic('shorter')
  await write(topic, 20)
  const failures: unknown[] = []
  await using follower = (await openFollower(
    topic,
    (error) => failures.push(error),
    () => undefined,
  )) as QuietTopicReader
  follower.read(new Map([[topic, new Map([[0, 500]])]]))
  expect(await until(() => failures.length > 0, noticedWithinMs, systemClock)).toBe(true)
  expect(failures[0]).toBeInstanceOf(LogChanged)
  expect((failures[0] as Error).message).toContain(`${topic}/0 was read up to offset 500, but ends at 20 now`)
})

test('partitions added to a topic are read within seconds', async () => {
  const topic = await makeTopic('wider')
  const seen: number[] = []
  await using _reader = await openGroup(topic, failNever, (record) => seen.push(record.partition))
  await admin.createPartitions({ topicPartitions: [{ topic, count: 3 }] })
  const writer = kafka.producer({ allowAutoTopicCreation: false })
  await writer.connect()
  await writer.send({ topic, messages: [{ partition: 2, value: 'new' }] })
  await writer.disconnect()
  expect(await until(() => seen.includes(2), 60_000, systemClock)).toBe(true)
})

/** Commits an offset as an instance that knows the topic by this id, then leaves the group. */
async function commitOnce(topic: string, offset: number, logId: string | null): Promise<void> {
  const member = (await openGroup(topic, failNever, () => undefined)) as GroupConsumer
  expect(await until(() => member.assignment.current, noticedWithinMs, systemClock)).toBe(true)
  Object.assign(member, { findLogId: () => logId })
  expect(await member.commit(member.assignment, [{ topic, partition: 0, offset, metadata: 'map' }])).toBe('committed')
  await member[Symbol.asyncDispose]()
}

function failNever(error: unknown): void {
  throw error
}

function linesOf(topic: string): string[] {
  return logged.filter((line) => line.topic === topic).map(({ msg }) => msg)
}

async function makeTopic(name: string): Promise<string> {
  const topic = `${prefix}${name}-${randomUUID().slice(0, 4)}`
  await createTopics(admin, [{ topic, numPartitions: 1 }], systemClock)
  return topic
}

async function write(topic: string, count: number): Promise<void> {
  const messages = Array.from({ length: count }, (_, index) => ({
    key: `key-${index}`,
    value: `value-${index}`,
    partition: 0,
  }))
  await producer.send({ topic, messages })
}
