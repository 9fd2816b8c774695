import type { Kafka as Kafkajs } from 'kafkajs'
import { pino } from 'pino'
import { Codec, createRegistry, type Decode } from '../../services/platform/avro/codec.ts'
import { withAdmin } from '../../services/platform/kafka/admin-client.ts'
import { createKafka, type Kafka } from '../../services/platform/kafka/client.ts'
import type { ConsumedRecord } from '../../services/platform/kafka/consumer.ts'
import { BatchingProducer } from '../../services/platform/kafka/produce/producer.ts'
import { TopicTable } from '../../services/platform/kafka/readers/table.ts'
import { systemClock } from '../../services/platform/runtime/clock.ts'
import { Readiness } from '../../services/platform/runtime/readiness/readiness.ts'
import { openKafkajs } from './kafkajs.ts'

/** Kafka as seen from outside by a test, without counters of the services. */

export const testContext = { log: pino({ level: 'silent' }), clock: systemClock, readiness: new Readiness() }

export const failTest = (error: unknown) => {
  throw error
}

/** Our client, and kafkajs' for what a test writes or asks by other means. */
export type TestKafka = Kafka & Pick<Kafkajs, 'admin' | 'producer' | 'consumer'>

/** @param brokers `host:port` each. */
export function openKafka(brokers: string[]): TestKafka {
  const ours = createKafka({ KAFKA_BROKERS: brokers.join(','), KAFKA_CLIENT_ID: 'test' }, testContext.log)
  return Object.assign(openKafkajs(brokers), ours)
}

export function openProducer(kafka: Kafka): Promise<BatchingProducer> {
  return BatchingProducer.open(kafka, testContext, failTest)
}

export function openCodec(schemaRegistryUrl: string): Codec {
  return new Codec(createRegistry({ SCHEMA_REGISTRY_URL: schemaRegistryUrl }), testContext)
}

/** Collects a topic's records: those that exist when it resolves, and new ones until it is disposed of. */
export function followTopic(kafka: Kafka, topic: string, records: ConsumedRecord[]): Promise<AsyncDisposable> {
  const onRecord = (record: ConsumedRecord) => void records.push(record)
  return TopicTable.open(kafka, { topic, onRecord, fail: failTest }, testContext)
}

/** All records of a topic up to its present end; in order within each partition. */
export async function readTopic(kafka: Kafka, topic: string): Promise<ConsumedRecord[]> {
  const records: ConsumedRecord[] = []
  await using _following = await followTopic(kafka, topic, records)
  return records
}

/** The same with decoded values, without tombstones. @throws Error if one cannot be read. */
export async function readValues<T>(
  kafka: Kafka,
  topic: string,
  decode: Decode<T>,
): Promise<(ConsumedRecord & { decoded: T })[]> {
  const records = await readTopic(kafka, topic)
  const values: (ConsumedRecord & { decoded: T })[] = []
  for (const record of records) {
    if (record.value === null) continue
    const result = await decode(record.value)
    if (!result.ok) throw new Error(`${topic}/${record.partition}@${record.offset}: ${result.reason}`)
    values.push({ ...record, decoded: result.value })
  }
  return values
}

/** Number of records that a topic has had. */
export async function countRecords(kafka: Kafka, topic: string): Promise<number> {
  const ends = await withAdmin(kafka, (admin) => admin.fetchTopicOffsets(topic))
  return ends.reduce((sum, { high }) => sum + Number(high), 0)
}

/** Number of records that a group has not committed yet, over all of its topics. */
export async function lagOf(kafka: Kafka, groupId: string, topics: string[]): Promise<number> {
  return withAdmin(kafka, async (admin) => {
    const committed = await admin.fetchOffsets({ groupId, topics })
    let lag = 0
    for (const { topic, partitions } of committed) {
      const next = new Map(partitions.map(({ partition, offset }) => [partition, Math.max(0, Number(offset))]))
      for (const { partition, high } of await admin.fetchTopicOffsets(topic))
        lag += Number(high) - (next.get(partition) ?? 0)
    }
    return lag
  })
}
