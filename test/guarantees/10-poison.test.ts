import { randomBytes } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest'
import { until } from '../../deploy/local/process/until.ts'
import { subjectOfEvent, subjectOfNotification } from '../../deploy/receiver/notification.ts'
import type { DeadLetter } from '../../services/domain/delivery/delivery.ts'
import type { ConsumedRecord } from '../../services/platform/kafka/consumer.ts'
import { systemClock } from '../../services/platform/runtime/clock.ts'
import { readSchema } from '../../services/topics/schemas.ts'
import { topics } from '../../services/topics/topic-map.ts'
import { type FaultyStack, startFaultyStack } from '../support/faulty-stack.ts'
import { figure } from '../support/figure.ts'
import { isFull } from '../support/guarantee-size.ts'
import { messageOf, publish } from '../support/load.ts'
import { countRecords, followTopic, openCodec, openKafka, openProducer, readTopic } from '../support/topic-reader.ts'

const limitMs = 5_000
const waitMs = 60_000
/** The largest record batch that a broker accepts by default, minus a few bytes for the key. */
const largestBytes = 1_048_400

const kafka = openKafka(inject('brokers'))
const codec = openCodec(inject('schemaRegistryUrl'))
let world: FaultyStack
let buried = 0
let slowestMs = 0
let number = 0
let following: AsyncDisposable | undefined
const letters: ConsumedRecord[] = []
/** One readable record of each topic. */
const samples = new Map<string, Buffer>()

beforeAll(async () => {
  const extraEnv = { HOOKLINE_STATS_FLUSH_INTERVAL_MS: '100' }
  world = await startFaultyStack({ webhooks: 1, contacts: 1, partitions: 1, extraEnv })
  following = await followTopic(kafka, world.stack.topicPrefix + topics.webhookDeadLetters.name, letters)
  // One readable record of each topic, to derive unreadable ones from.
  await goesThrough()
  for (const topic of poisoned) samples.set(topic.name, await sample(topic))
})

afterAll(async () => {
  await following?.[Symbol.asyncDispose]()
  await world?.[Symbol.asyncDispose]()
  figure(
    10,
    `${buried} poison records in dead letters with their bytes; the next good one after ${slowestMs} ms at most`,
  )
})

const poisoned = [topics.messageEvents, topics.statusEvents, topics.webhookDeliveries, topics.webhookAttempts]

/** @param good a readable record of the same topic, if there is one. @param other one of another topic. */
const poisons: [name: string, make: (good: Buffer, other: Buffer) => Buffer][] = [
  ['wrong magic byte', (good) => Buffer.concat([Buffer.from([1]), good.subarray(1)])],
  ['unknown schema id', (good) => Buffer.concat([Buffer.from([0, 0x7f, 0xff, 0xff, 0xf0]), good.subarray(5)])],
  ['truncated in the middle', (good) => good.subarray(0, good.length >> 1)],
  ['truncated by one byte', (good) => good.subarray(0, -1)],
  ['truncated in its header', (good) => good.subarray(0, 3)],
  ['empty', () => Buffer.alloc(0)],
  ['wrong types: the schema of another topic', (_good, other) => other],
  [
    'wrong types: the right schema, other bytes',
    (good, other) => Buffer.concat([good.subarray(0, 5), other.subarray(5)]),
  ],
  ['JSON', () => Buffer.from('{"eventId":"1"}')],
  ['an endless list', (good) => Buffer.concat([good.subarray(0, 5), Buffer.alloc(64, 0xff)])],
  ['1 MB of noise', (good) => Buffer.concat([good.subarray(0, 5), randomBytes(1_000_000)])],
  ['as large as Kafka takes', () => randomBytes(largestBytes)],
]

describe.each(poisoned.map((topic) => [topic.name, topic] as const))('an unreadable record in %s', (_name, topic) => {
  test.each(poisons)(
    'an unreadable record becomes a dead letter and the records after it are delivered: %s',
    async (_what, make) => {
      const name = world.stack.topicPrefix + topic.name
      const good = samples.get(topic.name) ?? Buffer.alloc(0)
      const other = samples.get(otherThan(topic).name) ?? Buffer.alloc(0)
      const bytes = make(good, other)
      await using producer = await openProducer(kafka)
      await producer.send({ topic: name, key: 'poison', value: bytes })

      const startedMs = systemClock.monotonicMs()
      await goesThrough()
      const tookMs = Math.round(systemClock.monotonicMs() - startedMs)
      slowestMs = Math.max(slowestMs, tookMs)
      // Scaled down, the machine is shared.
      if (isFull) expect(tookMs).toBeLessThanOrEqual(limitMs)

      const decode = codec.decoder<DeadLetter>(readSchema(topics.webhookDeadLetters))
      const isBuried = async () => {
        for (const { value } of letters) {
          const letter = value && (await decode(value))
          if (letter?.ok && letter.value.source.topic === name && letter.value.source.value?.equals(bytes)) return true
        }
        return false
      }
      expect(await until(isBuried, waitMs, systemClock)).toBe(true)
      buried++
      letters.length = 0
      expect(world.ends).toEqual([])
    },
  )
})

const otherThan = (topic: { name: string }) =>
  topic === topics.webhookAttempts ? topics.messageEvents : topics.webhookAttempts

/** The last readable record of a topic; status events are derived from a record of the messages' topic. */
async function sample(topic: { name: string }): Promise<Buffer> {
  const from = topic === topics.statusEvents ? topics.messageEvents : topic
  const records = await readTopic(kafka, world.stack.topicPrefix + from.name)
  const first = records.find(({ value, key }) => value !== null && String(key) !== 'poison')
  if (!first?.value) throw new Error(`no record in ${from.name}`)
  return first.value
}

/** Publishes a message and its status; they arrive and are counted in the statistics. */
async function goesThrough(): Promise<void> {
  const [lane] = world.lanes
  if (!lane) throw new Error('no lane')
  const message = messageOf(lane, number++, world.businessId)
  const { businessId, chatPlatform, chatChannelId, contactId, customerId } = message
  const common = { businessId, chatPlatform, chatChannelId, contactId, customerId, messageId: `status-${number}` }
  const statusChangeTime = '2026-03-01T12:00:00.000Z'
  const status = {
    ...common,
    type: 'status' as const,
    eventId: `${businessId}-s${number}`,
    status: 'read' as const,
    statusChangeTime,
  }
  const counted = await countRecords(kafka, `${world.stack.topicPrefix}webhook-stats`)
  const awaited = new Set([message, status].map(subjectOfEvent))
  await publish(world, [message, status])
  const isThrough = () => {
    for (const { notification } of world.receiver.arrivals)
      if (notification) awaited.delete(subjectOfNotification(notification))
    return awaited.size === 0
  }
  if (!(await until(isThrough, waitMs, systemClock))) throw new Error(`not through: ${[...awaited].join(', ')}`)
  const isCounted = async () => (await countRecords(kafka, `${world.stack.topicPrefix}webhook-stats`)) > counted
  if (!(await until(isCounted, waitMs, systemClock))) throw new Error('not counted')
}
