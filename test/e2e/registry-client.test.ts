import { SchemaRegistry } from '@kafkajs/confluent-schema-registry'
import { afterAll, beforeAll, expect, inject, test } from 'vitest'
import { until } from '../../deploy/local/process/until.ts'
import type { Attempt } from '../../services/domain/delivery/delivery.ts'
import { systemClock } from '../../services/platform/runtime/clock.ts'
import { topicName } from '../../services/topics/schemas.ts'
import { topics } from '../../services/topics/topic-map.ts'
import { messageEvent } from '../support/sample-events.ts'
import { startTestStack, type TestStack } from '../support/services.ts'
import { openKafka, readTopic } from '../support/topic-reader.ts'

// The registry client that most Node programs use, as an independent implementation: bot runtimes publish with it, and
// analytics read with it.

const registry = new SchemaRegistry({ host: inject('schemaRegistryUrl') })
const kafka = openKafka(inject('brokers'))
let world: TestStack

beforeAll(async () => {
  world = await startTestStack({ brokers: inject('brokers'), schemaRegistryUrl: inject('schemaRegistryUrl') })
})

afterAll(() => world?.[Symbol.asyncDispose]())

test('an event published with the registry client of kafkajs is delivered, and that client reads its attempt', async () => {
  await world.defineWebhook('/shop', ['shop'])
  await world.inForce()
  const name = (topic: (typeof topics)[keyof typeof topics]) => topicName(topic, world.stack.topicPrefix)
  const events = name(topics.messageEvents)
  const { event } = messageEvent({ businessId: world.businessId, chatChannelId: 'shop', contactId: 'ana' })
  const value = await registry.encode(await registry.getLatestSchemaId(`${events}-value`), event)
  const producer = kafka.producer({ allowAutoTopicCreation: false })
  await producer.connect()
  await producer.send({ topic: events, acks: -1, messages: [{ key: 'shop:ana', value }] })
  await producer.disconnect()
  const { arrivals } = world.receiver
  const arrived = () => arrivals.find(({ path }) => path === '/shop')
  expect(await until(() => arrived() !== undefined, 60_000, systemClock)).toBe(true)

  const attempts = name(topics.webhookAttempts)
  const read = async () => {
    const records = await readTopic(kafka, attempts)
    return Promise.all(records.map(({ value }) => registry.decode(value as Buffer) as Promise<Attempt>))
  }
  expect(await until(async () => (await read()).length > 0, 60_000, systemClock)).toBe(true)
  expect(await read()).toContainEqual(
    expect.objectContaining({
      deliveryId: arrived()?.webhookId,
      eventId: event.eventId,
      outcome: 'success',
      attempt: 1,
    }),
  )
})
