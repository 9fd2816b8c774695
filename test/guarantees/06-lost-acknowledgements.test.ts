import { randomUUID } from 'node:crypto'
import { expect, inject, test } from 'vitest'
import { withAdmin } from '../../services/platform/kafka/admin-client.ts'
import { BatchingProducer, RecordRefused } from '../../services/platform/kafka/produce/producer.ts'
import { createTopics } from '../../services/platform/kafka/topics.ts'
import { type SendProduce, sendProduce } from '../../services/platform/kafka/wire/produce-protocol.ts'
import { systemClock } from '../../services/platform/runtime/clock.ts'
import { figure } from '../support/figure.ts'
import { caseTimeoutMs, sized } from '../support/guarantee-size.ts'
import { startKafkaProxy } from '../support/kafka-proxy.ts'
import { failTest, openKafka, openProducer, readTopic, testContext } from '../support/topic-reader.ts'
import { compareWithLog, recordName, sendWithoutNumbers } from '../support/written-records.ts'

const callers = 64
const loseEvery = 50
const records = sized(51_200, 12_800)
const partitions = 4

/**
 * Concurrent callers, each of which waits for its last record before it sends the next, write to a topic of their own
 * while responses are lost. Compares what was acknowledged with the log.
 */
async function writeAll(send: SendProduce) {
  const [broker = ''] = inject('brokers')
  const kafka = openKafka([broker])
  const topic = `lost-acknowledgements-${randomUUID()}`
  await withAdmin(kafka, (admin) => createTopics(admin, [{ topic, numPartitions: partitions }], systemClock))
  await using proxy = await startKafkaProxy(broker, loseEvery)
  const producer = await BatchingProducer.open(openKafka([proxy.address]), testContext, failTest, { send })
  const acknowledged: string[] = []
  const caller = async (lane: number) => {
    for (let number = 0; number < records / callers; number++) {
      const name = recordName(lane, number)
      await producer.send({ topic, key: name, value: name, partition: lane % partitions })
      acknowledged.push(name)
    }
  }
  await Promise.all(Array.from({ length: callers }, (_unused, lane) => caller(lane)))
  await producer[Symbol.asyncDispose]()
  const log = (await readTopic(kafka, topic)).map(({ value }) => String(value))
  await withAdmin(kafka, (admin) => admin.deleteTopics({ topics: [topic] }))
  return { acknowledged: acknowledged.length, lostResponses: proxy.lost, ...compareWithLog(acknowledged, log) }
}

test(`with every ${loseEvery}th response lost and ${callers} callers, what is acknowledged is in the log, once and in order`, {
  timeout: caseTimeoutMs,
}, async () => {
  const { lostResponses, ...result } = await writeAll(sendProduce)
  const { acknowledged, missing, repeated } = result
  figure(6, `${acknowledged} acknowledged, ${lostResponses} responses lost: missing ${missing}, repeated ${repeated}`)
  expect(lostResponses).toBeGreaterThan(2)
  expect(result).toEqual({ acknowledged: records, missing: 0, repeated: 0, swapped: 0 })
})

test('control: without sequence numbers, records are in the log twice when responses are lost', {
  timeout: caseTimeoutMs,
}, async () => {
  const { acknowledged, lostResponses, missing, repeated } = await writeAll(sendWithoutNumbers)
  const lost = `${acknowledged} acknowledged, ${lostResponses} responses lost`
  figure(6, `control: ${lost}: missing ${missing}, repeated ${repeated}`)
  expect(repeated).toBeGreaterThan(0)
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
