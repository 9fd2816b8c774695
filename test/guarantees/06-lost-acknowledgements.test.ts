import { randomUUID } from 'node:crypto'
import { expect, inject, test } from 'vitest'
import { RecordRefused } from '../../services/platform/kafka/produce/producer.ts'
import { createTopics, withAdmin } from '../../services/platform/kafka/topics.ts'
import { systemClock } from '../../services/platform/runtime/clock.ts'
import { figure } from '../support/figure.ts'
import { caseTimeoutMs, sized } from '../support/guarantee-size.ts'
import { startKafkaProxy } from '../support/kafka-proxy.ts'
import { openKafka, openProducer, readTopic } from '../support/topic-reader.ts'

const callers = 64
const loseEvery = 50
const records = sized(51_200, 12_800)
/** Records of the control, each of which is a request. */
const controlRecords = sized(9_600, 1_920)

type Send = (topic: string, id: string) => Promise<unknown>

/** Number of concurrent callers, each waiting for its last record before it sends the next. */
async function sendAll(send: Send, topic: string, count: number): Promise<string[]> {
  const acknowledged: string[] = []
  const caller = async (number: number) => {
    for (let each = 0; each < count / callers; each++) {
      const id = `${number}-${each}`
      try {
        await send(topic, id)
        acknowledged.push(id)
      } catch (error) {
        // An unacknowledged record is allowed: kafkajs reports it by its own errors, and by plain ones.
        if (!(error instanceof Error)) throw error
      }
    }
  }
  await Promise.all(Array.from({ length: callers }, (_unused, number) => caller(number)))
  return acknowledged
}

/** Runs the callers against their own topic, and compares what was acknowledged with the log. */
async function compareWithLog(
  open: (broker: string) => Promise<{ send: Send; close: () => Promise<void> }>,
  count: number,
) {
  const [broker = ''] = inject('brokers')
  const kafka = openKafka([broker])
  const topic = `lost-acknowledgements-${randomUUID()}`
  await withAdmin(kafka, (admin) => createTopics(admin, [{ topic, numPartitions: 4 }], systemClock))
  await using proxy = await startKafkaProxy(broker, loseEvery)
  const { send, close } = await open(proxy.address)
  const acknowledged = await sendAll(send, topic, count)
  await close()
  const log = await readTopic(kafka, topic)
  await withAdmin(kafka, (admin) => admin.deleteTopics({ topics: [topic] }))
  const ids = log.map(({ key }) => String(key))
  const inLog = new Set(ids)
  return {
    acknowledged: acknowledged.length,
    lostResponses: proxy.lost,
    missing: acknowledged.filter((id) => !inLog.has(id)).length,
    /** Copies under the same id. */
    repeated: ids.length - inLog.size,
    inversions: inversions(ids),
  }
}

/** First copies of a caller's records that are in the log after a later one of the same caller. */
function inversions(ids: string[]): number {
  const seen = new Set<string>()
  const latest = new Map<string, number>()
  let found = 0
  for (const id of ids) {
    if (seen.has(id)) continue
    seen.add(id)
    const [caller = '', each = ''] = id.split('-')
    if (Number(each) < (latest.get(caller) ?? -1)) found++
    latest.set(caller, Math.max(Number(each), latest.get(caller) ?? -1))
  }
  return found
}

/** All records of a caller go to one partition, so that their order can be checked. */
const partitionOf = (id: string) => Number(id.split('-')[0]) % 4

test(`with every ${loseEvery}th response lost and ${callers} callers, what is acknowledged is in the log, in order`, {
  timeout: caseTimeoutMs,
}, async () => {
  const result = await compareWithLog(async (broker) => {
    const producer = await openProducer(openKafka([broker]))
    const send: Send = (topic, id) => producer.send({ topic, key: id, value: id, partition: partitionOf(id) })
    return { send, close: () => producer[Symbol.asyncDispose]() }
  }, records)
  const { acknowledged, lostResponses, missing, repeated } = result
  figure(6, `${acknowledged} acknowledged, ${lostResponses} responses lost: missing ${missing}, repeated ${repeated}`)
  expect(lostResponses).toBeGreaterThan(2)
  expect({ acknowledged, missing, inversions: result.inversions }).toEqual({
    acknowledged: records,
    missing: 0,
    inversions: 0,
  })
})

test('records refused by one partition do not duplicate those of the others', async () => {
  const kafka = openKafka(inject('brokers'))
  const topic = `refused-${randomUUID()}`
  const configEntries = [{ name: 'max.message.bytes', value: '1000' }]
  await withAdmin(kafka, (admin) => createTopics(admin, [{ topic, numPartitions: 4, configEntries }], systemClock))
  const producer = await openProducer(kafka)
  const send = (value: string, partition: number) => producer.send({ topic, key: null, value, partition })
  const small = Array.from({ length: 12 }, (_unused, index) => send(`small ${index}`, index % 4))
  const large = Array.from({ length: 3 }, (_unused, index) => send('x'.repeat(2_000), index))
  const results = await Promise.allSettled([...small, ...large])
  await producer[Symbol.asyncDispose]()
  const log = (await readTopic(kafka, topic)).map(({ value }) => String(value))
  await withAdmin(kafka, (admin) => admin.deleteTopics({ topics: [topic] }))

  expect(results.map((result) => (result.status === 'rejected' ? result.reason : 'ok'))).toEqual([
    ...Array(12).fill('ok'),
    ...Array(3).fill(expect.any(RecordRefused)),
  ])
  expect(log.toSorted()).toEqual(Array.from({ length: 12 }, (_unused, index) => `small ${index}`).toSorted())
})

test('control: the idempotent producer of kafkajs loses acknowledged records with concurrent sends', {
  timeout: caseTimeoutMs,
}, async () => {
  const { acknowledged, lostResponses, missing } = await compareWithLog(async (broker) => {
    const producer = openKafka([broker]).producer({ idempotent: true, maxInFlightRequests: 5 })
    await producer.connect()
    const send: Send = (topic, id) =>
      producer.send({ topic, acks: -1, messages: [{ key: id, value: id, partition: partitionOf(id) }] })
    return { send, close: () => producer.disconnect() }
  }, controlRecords)
  figure(6, `control: ${acknowledged} acknowledged, ${lostResponses} responses lost: missing ${missing}`)
  expect(missing).toBeGreaterThan(0)
})
