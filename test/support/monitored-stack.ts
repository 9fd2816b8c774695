import { randomUUID } from 'node:crypto'
import type { Producer } from 'kafkajs'
import { inject } from 'vitest'
import type { Event, MessageEvent } from '../../services/domain/event/event.ts'
import { systemClock } from '../../services/platform/runtime/clock.ts'
import { readSchema } from '../../services/topics/schemas.ts'
import { type Topic, topics } from '../../services/topics/topic-map.ts'
import { readDocument } from './documents.ts'
import { sized } from './guarantee-size.ts'
import { startKafkaProxy } from './kafka-proxy.ts'
import { alertsFile } from './monitoring.ts'
import { type OtlpReceiver, startOtlpReceiver } from './otlp-receiver.ts'
import { type PrometheusServer, startPrometheus } from './prometheus.ts'
import { messageEvent } from './sample-events.ts'
import { startTestStack, type TestStack } from './services.ts'
import { startTcpProxy, type TcpProxy } from './tcp-proxy.ts'
import { openCodec, openKafka } from './topic-reader.ts'

/** The id of the business that has metrics of its own. */
export const measuredBusiness = `measured-${randomUUID()}`

/** A stack that Prometheus scrapes, with faults to inject. */
export type MonitoredStack = AsyncDisposable & {
  world: TestStack
  prometheus: PrometheusServer
  registry: TcpProxy
  /** Gets the traces of all services. */
  traces: OtlpReceiver
  /**
   * Refuses the services' records for these topics, with an error code of Kafka.
   * @returns accepts them again.
   */
  refuse(refused: Topic[], code: number): () => void
  /** Writes a value as it is. */
  write(topic: Topic, key: string, value: string | null): Promise<void>
  /** Writes events of the measured business to their topic, as a bot runtime does. @param ageMs of their records. */
  publishAged(channel: string, count: number, ageMs: number): Promise<void>
}

/**
 * Length of a minute of the alert rules here. Their windows and waits are shortened so that a test need not wait for
 * hours; their thresholds are not touched.
 */
export const minuteMs = sized(6_000, 1_000)
/** Time between two scrapes, and between two evaluations of the rules. */
export const scrapeIntervalMs = sized(2_000, 1_000)

function shortenedRules(): string {
  const shorten = (minutes: string) => `${(Number(minutes) * minuteMs) / 1_000}s`
  return readDocument(alertsFile)
    .replaceAll(/for: (\d+)m/g, (_all, minutes: string) => `for: ${shorten(minutes)}`)
    .replaceAll(/\[(\d+)m\]/g, (_all, minutes: string) => `[${shorten(minutes)}]`)
}

export async function startMonitoredStack(): Promise<MonitoredStack> {
  await using opened = new AsyncDisposableStack()
  const [broker = ''] = inject('brokers')
  const kafka = openKafka([broker])
  const kafkaProxy = opened.use(await startKafkaProxy(broker))
  const { hostname, port, pathname } = new URL(inject('schemaRegistryUrl'))
  const registry = opened.use(await startTcpProxy({ host: hostname, port: Number(port) }))
  const traces = opened.use(await startOtlpReceiver())
  const world = opened.use(
    await startTestStack({
      brokers: [kafkaProxy.address],
      schemaRegistryUrl: `http://127.0.0.1:${registry.port}${pathname}`,
      extraEnv: {
        OTEL_EXPORTER_OTLP_ENDPOINT: traces.url,
        OTEL_BSP_SCHEDULE_DELAY: '500',
        HOOKLINE_METRICS_BUSINESSES: measuredBusiness,
        HOOKLINE_PRODUCER_ACKNOWLEDGE_TIMEOUT_MS: '1000',
        HOOKLINE_DISPATCHER_MAX_HELD: '200',
        HOOKLINE_DISPATCHER_MAX_QUEUED_OF_WEBHOOK: '100',
      },
    }),
  )
  const names = ['producer', 'formatter', 'dispatcher', 'stats-aggregator', 'admin'] as const
  const targets = names.map((name) => new URL(world.stack.service(name).url).host)
  const interval = `${scrapeIntervalMs}ms`
  const prometheus = opened.use(await startPrometheus({ targets, rules: shortenedRules(), interval }))
  const producer = kafka.producer({ allowAutoTopicCreation: false })
  await producer.connect()
  opened.defer(() => producer.disconnect())
  const nameOf = (topic: Topic) => world.stack.topicPrefix + topic.name
  const codes = new Map<string, number>()
  kafkaProxy.refuse((topic) => codes.get(topic) ?? null)
  const closing = opened.move()
  return {
    world,
    prometheus,
    registry,
    traces,
    refuse(refused, code) {
      const refusedNames = refused.map(nameOf)
      for (const name of refusedNames) codes.set(name, code)
      return () => {
        for (const name of refusedNames) codes.delete(name)
      }
    },
    async write(topic, key, value) {
      await producer.send({ topic: nameOf(topic), messages: [{ key, value }] })
    },
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

async function send(producer: Producer, topic: string, values: Buffer[], timestamp: string): Promise<void> {
  await producer.send({ topic, messages: values.map((value) => ({ key: randomUUID(), value, timestamp })) })
}
