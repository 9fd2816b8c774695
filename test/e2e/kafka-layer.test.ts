import { execFileSync } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { fileURLToPath } from 'node:url'
import { Consumer, protocolErrorsCodesById } from '@platformatic/kafka'
import { expect, inject, onTestFinished, test } from 'vitest'
import { withAdmin } from '../../services/platform/kafka/admin-client.ts'
import { parseBrokers } from '../../services/platform/kafka/broker-list.ts'
import { LogChanged } from '../../services/platform/kafka/log-ids.ts'
import { nextSequence } from '../../services/platform/kafka/produce/partition-queue.ts'
import { requestIdentity } from '../../services/platform/kafka/produce/producer-identity.ts'
import { PartitionReader } from '../../services/platform/kafka/readers/partition-reader.ts'
import type { FetchedBatch, PartitionReaderOptions } from '../../services/platform/kafka/readers/reading.ts'
import { createTopics } from '../../services/platform/kafka/topics.ts'
import { Cluster } from '../../services/platform/kafka/wire/cluster.ts'
import { sendProduce } from '../../services/platform/kafka/wire/produce-protocol.ts'
import { systemClock as clock } from '../../services/platform/runtime/clock.ts'
import { lackOf, python } from '../support/python.ts'
import { recreateTopic } from '../support/recreate-topic.ts'
import { openKafka, openProducer, readTopic } from '../support/topic-reader.ts'

// The Kafka layer (decision 39) on a real broker.

const brokers = () => inject('brokers')
const kafka = () => openKafka(brokers())

function openCluster(list = brokers()): Cluster {
  const cluster = new Cluster({ clientId: 'test', brokers: parseBrokers(list.join(',')) ?? [] })
  onTestFinished(() => cluster[Symbol.asyncDispose]())
  return cluster
}

async function newTopic(numPartitions: number, settings: Record<string, string> = {}): Promise<string> {
  const topic = `kafka-layer-${randomUUID()}`
  const configEntries = Object.entries(settings).map(([name, value]) => ({ name, value }))
  await withAdmin(kafka(), (admin) => createTopics(admin, [{ topic, numPartitions, configEntries }], clock))
  return topic
}

type Seen = { partition: number; offset: number; value: string }

/** A reader from the beginning of a topic, with what it has handed over and the fault that ended it. */
function startReader(topic: string, partitions: number, more: Partial<PartitionReaderOptions> = {}) {
  const seen: Seen[] = []
  const faults: unknown[] = []
  const onBatch = ({ records }: FetchedBatch) => {
    for (const { partition, offset, value } of records) seen.push({ partition, offset, value: String(value) })
    return records.length
  }
  const fail = (error: unknown) => void faults.push(error)
  const reader = new PartitionReader(openCluster(), { maxWaitMs: 200, clock, onBatch, fail, ...more })
  onTestFinished(() => reader[Symbol.asyncDispose]())
  reader.read(new Map([[topic, new Map(Array.from({ length: partitions }, (_unused, index) => [index, 0]))]]))
  const valuesOf = (partition: number) => seen.filter((one) => one.partition === partition).map(({ value }) => value)
  return { reader, seen, faults, valuesOf }
}

test('a partition reader hands over every record once and in order, through pauses, seeks and slow batches', async () => {
  const topic = await newTopic(4)
  await using producer = await openProducer(kafka())
  const write = (value: string, partition: number) => producer.send({ topic, key: null, value, partition })
  const numbers = Array.from({ length: 50 }, (_unused, index) => `v${index}`)
  await Promise.all([0, 1, 2, 3].flatMap((partition) => numbers.map((value) => write(value, partition))))
  const slow = { partition: -1, until: Promise.withResolvers<void>() }
  const { reader, seen, valuesOf } = startReader(topic, 4, {
    onBatch: async ({ partition, records }) => {
      if (partition === slow.partition) await slow.until.promise
      // Half of a batch is taken; the rest comes again.
      const taken = Math.ceil(records.length / 2)
      for (const { offset, value } of records.slice(0, taken)) seen.push({ partition, offset, value: String(value) })
      return taken
    },
  })
  await expect.poll(() => seen.length).toBe(200)
  for (const partition of [0, 1, 2, 3]) expect(valuesOf(partition)).toEqual(numbers)

  reader.pause(topic, 1)
  slow.partition = 2
  seen.length = 0
  await Promise.all([0, 1, 2, 3].map((partition) => write('more', partition)))
  // Partitions 0 and 3 do not wait for the paused one, nor for the slow batch.
  await expect.poll(() => seen.map(({ partition }) => partition).sort()).toEqual([0, 3])
  await write('and more', 0)
  await expect.poll(() => valuesOf(0)).toEqual(['more', 'and more'])
  expect(valuesOf(1)).toEqual([])
  reader.resume(topic, 1)
  slow.until.resolve()
  await expect.poll(() => [valuesOf(1), valuesOf(2)]).toEqual([['more'], ['more']])
  reader.seek(topic, 3, 49)
  await expect.poll(() => valuesOf(3)).toEqual(['more', 'v49', 'more'])
  expect(reader.position(topic, 3)).toBe(51)
})

test('a partition reader goes on at the log’s start after retention, and ends at a topic that was recreated', async () => {
  const topic = await newTopic(1)
  await using producer = await openProducer(kafka())
  for (const value of ['a', 'b', 'c']) await producer.send({ topic, key: null, value, partition: 0 })
  await withAdmin(kafka(), async (admin) => {
    // kafkajs knows the topic's leaders only after a question about it.
    await admin.fetchTopicOffsets(topic)
    await admin.deleteTopicRecords({ topic, partitions: [{ partition: 0, offset: '2' }] })
  })
  const passed: number[] = []
  const { seen, faults } = startReader(topic, 1, { onPassed: ({ nextOffset }) => void passed.push(nextOffset) })
  await expect.poll(() => seen).toEqual([{ partition: 0, offset: 2, value: 'c' }])
  expect(passed).toEqual([2])
  await withAdmin(kafka(), (admin) => recreateTopic(admin, topic))
  await expect.poll(() => faults[0]).toBeInstanceOf(LogChanged)
})

test('a broker goes on with sequence number 0 after the last one, takes the next epoch of a producer, and nothing of an earlier one', async () => {
  const topic = await newTopic(1)
  const cluster = openCluster()
  const [identity, metadata] = [await requestIdentity(cluster), await cluster.metadata([topic])]
  const connection = await cluster.connection(metadata.get(topic)?.leaders[0]?.nodeId ?? -1, 'produce')
  const send = async (sequence: number, values: string[], epoch = 0) => {
    const records = values.map((value) => ({ key: null, value }))
    const batch = { topic, partition: 0, identity: { ...identity, epoch }, sequence, records }
    const [result] = await sendProduce(connection, [batch], clock.nowMs())
    return result?.errorCode === 0 ? result.baseOffset : protocolErrorsCodesById[result?.errorCode ?? -1]
  }
  const nearEnd = 2 ** 31 - 2
  // A broker that has nothing of a producer takes any number: so it does when retention has removed its records.
  expect(await send(nearEnd, ['a', 'b', 'c'])).toBe(0)
  const next = nextSequence(nearEnd, 3)
  expect(next).toBe(1)
  expect(await send(next, ['d'])).toBe(3)
  expect(await send(next, ['d'])).toBe(3)
  expect(await send(next, ['other', 'records'])).toBe('OUT_OF_ORDER_SEQUENCE_NUMBER')
  expect(await send(0, ['e'], 1)).toBe(4)
  expect(await send(next + 1, ['late'])).toBe('INVALID_PRODUCER_EPOCH')
  expect((await readTopic(kafka(), topic)).map(({ value }) => String(value))).toEqual(['a', 'b', 'c', 'd', 'e'])
})

test('a producer goes on after its records were deleted, and in a topic that was recreated', async () => {
  const topic = await newTopic(1)
  await using producer = await openProducer(kafka())
  const write = (value: string) => producer.send({ topic, key: null, value, partition: 0 })
  for (const value of ['a', 'b']) await write(value)
  await withAdmin(kafka(), async (admin) => {
    await admin.fetchTopicOffsets(topic)
    await admin.deleteTopicRecords({ topic, partitions: [{ partition: 0, offset: '2' }] })
  })
  expect(await write('c')).toEqual({ offset: 2 })
  await withAdmin(kafka(), (admin) => recreateTopic(admin, topic))
  expect(await write('d')).toEqual({ offset: 0 })
})

const missing = lackOf('confluent_kafka')
if (missing) process.stdout.write(`transactions of another client are skipped: ${missing}\n`)

test.skipIf(missing !== null)(
  'records of aborted transactions are never read, and those of committed ones always',
  async () => {
    const topic = await newTopic(3, { 'max.message.bytes': '10000' })
    const script = fileURLToPath(new URL('./transactions.py', import.meta.url))
    execFileSync(python, [script, brokers().join(','), topic], { stdio: ['ignore', 'inherit', 'inherit'] })
    const committed = [0, 1, 2].map((index) => `committed-${index}`)
    const { seen, valuesOf } = startReader(topic, 3, { maxBytesPerPartition: 20_000 })
    await expect.poll(() => seen.length).toBeGreaterThanOrEqual(9)
    expect([0, 1, 2].map(valuesOf)).toEqual([committed, committed, committed])

    // Control: the filter of the client below, on the same log.
    const byClient = await readWithClient(topic, [0, 1, 2])
    const counts = byClient.map(countOf)
    process.stdout.write(`control: the client's filter hands over ${JSON.stringify(counts)}\n`)
    expect([counts[0], counts[2]]).toEqual([
      { aborted: 3, committed: 3 },
      { aborted: 0, committed: 0 },
    ])
    expect(counts[1]?.aborted).toBeGreaterThan(0)
  },
)

const countOf = (values: string[]) => ({
  aborted: values.filter((value) => value.startsWith('aborted')).length,
  committed: values.filter((value) => value.startsWith('committed')).length,
})

/** Values of each partition, read with the client's Consumer and its own filter of aborted transactions. */
async function readWithClient(topic: string, partitions: number[]): Promise<string[][]> {
  const consumer = new Consumer({ clientId: 'test', groupId: `test-${randomUUID()}`, bootstrapBrokers: brokers() })
  onTestFinished(() => consumer.close())
  consumer.topics.track(topic)
  const metadata = await consumer.metadata({ topics: [topic] })
  const { id = '', partitions: states = [] } = metadata.topics.get(topic) ?? {}
  return Promise.all(
    partitions.map(async (partition) => {
      const values: string[] = []
      const node = states[partition]?.leader ?? 0
      for (let position = 0n; ; ) {
        const one = {
          partition,
          currentLeaderEpoch: -1,
          fetchOffset: position,
          lastFetchedEpoch: -1,
          partitionMaxBytes: 20_000,
        }
        const topics = [{ topicId: id, partitions: [one] }]
        const limits = { minBytes: 1, maxBytes: 20_000, maxWaitTime: 100, isolationLevel: 1 }
        const answer = await consumer.fetch({ node, topics, ...limits })
        const { records: batches = [], highWatermark = 0n } = answer.responses[0]?.partitions[0] ?? {}
        for (const { attributes, records, firstOffset, lastOffsetDelta } of batches ?? []) {
          if ((attributes & 32) === 0) values.push(...records.map(({ value }) => String(value).replace(/\.+$/, '')))
          position = firstOffset + BigInt(lastOffsetDelta) + 1n
        }
        if (position >= highWatermark || !batches?.length) return values
      }
    }),
  )
}
