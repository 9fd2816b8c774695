import { randomUUID } from 'node:crypto'
import type { Producer } from 'kafkajs'
import { inject } from 'vitest'
import type { Event, MessageEvent } from '../../services/domain/event/event.ts'
import { systemClock } from '../../services/platform/runtime/clock.ts'
import { readSchema } from '../../services/topics/schemas.ts'
import { type Topic, topics } from '../../services/topics/topic-map.ts'
import { readDocument } from './documents.ts'
import { isFull } from './guarantee-size.ts'
import { alertsFile } from './monitoring.ts'
import { type PrometheusServer, startPrometheus } from './prometheus.ts'
import { messageEvent } from './sample-events.ts'
import { startTestStack, type TestStack } from './services.ts'
import { openCodec, openKafka } from './topic-reader.ts'

/** The id of the business that has metrics of its own. */
export const measuredBusiness = `measured-${randomUUID()}`

/** A stack that Prometheus scrapes. */
export type MonitoredStack = AsyncDisposable & {
  world: TestStack
  prometheus: PrometheusServer
  /** Writes events of the measured business to their topic, as a bot runtime does. @param ageMs of their records. */
  publishAged(channel: string, count: number, ageMs: number): Promise<void>
}

const intervalMs = isFull ? 5_000 : 1_000

/** The alert rules; scaled down they look at the last ten seconds, and fire at once. */
function rules(): string {
  const text = readDocument(alertsFile)
  return isFull ? text : text.replaceAll(/for: \d+m/g, 'for: 0s').replaceAll(/\[(5|10)m\]/g, '[10s]')
}

export async function startMonitoredStack(): Promise<MonitoredStack> {
  await using opened = new AsyncDisposableStack()
  const kafka = openKafka(inject('brokers'))
  const world = opened.use(
    await startTestStack({
      brokers: inject('brokers'),
      schemaRegistryUrl: inject('schemaRegistryUrl'),
      extraEnv: {
        HOOKLINE_METRICS_BUSINESSES: measuredBusiness,
        HOOKLINE_PRODUCER_ACKNOWLEDGE_TIMEOUT_MS: '1000',
        HOOKLINE_DISPATCHER_MAX_HELD: '200',
        HOOKLINE_DISPATCHER_MAX_QUEUED_OF_WEBHOOK: '100',
      },
    }),
  )
  const names = ['producer', 'formatter', 'dispatcher', 'stats-aggregator', 'admin'] as const
  const targets = names.map((name) => new URL(world.stack.service(name).url).host)
  const prometheus = opened.use(await startPrometheus({ targets, rules: rules(), interval: `${intervalMs}ms` }))
  const producer = kafka.producer({ allowAutoTopicCreation: false })
  await producer.connect()
  opened.defer(() => producer.disconnect())
  const nameOf = (topic: Topic) => world.stack.topicPrefix + topic.name
  const closing = opened.move()
  return {
    world,
    prometheus,
    async publishAged(channel, count, ageMs) {
      const topic = topics.messageEvents
      const codec = openCodec(inject('schemaRegistryUrl'))
      const encode = await codec.encoder<MessageEvent>(`${nameOf(topic)}-value`, readSchema(topic))
      const values = Array.from({ length: count }, () => encode(eventOf(channel).event as MessageEvent))
      await send(producer, nameOf(topic), values, String(systemClock.nowMs() - ageMs))
    },
    [Symbol.asyncDispose]: () => closing.disposeAsync(),
  }
}

/** An event of a contact of its own. */
function eventOf(channel: string): Event {
  const id = randomUUID()
  return messageEvent({ eventId: id, businessId: measuredBusiness, chatChannelId: channel, contactId: id })
}

async function send(producer: Producer, topic: string, values: (string | Buffer)[], timestamp?: string): Promise<void> {
  const messages = values.map((value) => ({ key: randomUUID(), value, ...(timestamp && { timestamp }) }))
  await producer.send({ topic, messages })
}
