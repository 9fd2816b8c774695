import { pino } from 'pino'
import Type from 'typebox'
import type { Event } from '../../domain/event/event.ts'
import { type EventFault, eventFaults } from '../../domain/event/event-faults.ts'
import { limits } from '../../domain/event/event-limits.ts'
import { createRegistry } from '../../platform/avro/codec.ts'
import { loadConfig } from '../../platform/config/config.ts'
import { connectionRules, kafkaVariables, registryVariables } from '../../platform/config/connection-variables.ts'
import { illFormedTexts } from '../../platform/json/well-formed.ts'
import { createKafka } from '../../platform/kafka/client.ts'
import { systemClock } from '../../platform/runtime/clock.ts'
import type { Logger } from '../../platform/runtime/log.ts'
import { Readiness } from '../../platform/runtime/readiness/readiness.ts'
import { TopicUse } from '../../topics/topic-use.ts'
import { isTooLarge } from '../reading/event-size.ts'
import { EventPublisher } from './event-publisher.ts'

export type PublisherOptions = {
  /**
   * Variables KAFKA_* and SCHEMA_REGISTRY_* as the services read them (docs/operating/connections.md), such as
   * process.env: TLS, logins, secrets in files. The other options override them.
   */
  env?: Readonly<Record<string, string | undefined>>
  /** Bootstrap brokers, host:port. */
  brokers?: string[]
  /** Base URL of the schema registry's Confluent API. */
  schemaRegistryUrl?: string
  /** HOOKLINE_TOPIC_PREFIX of the services; by default that of `env`, or empty. */
  topicPrefix?: string
  /** "hookline-publisher" by default. */
  clientId?: string
  /** Maximum bytes waiting for Kafka; 64 MiB by default. */
  maxBufferedBytes?: number
  /** How long closing waits for events in flight, in milliseconds; 10,000 by default. */
  closeTimeoutMs?: number
  /** By default warnings and errors are written to standard output as JSON lines. */
  log?: Logger
}

export type Publisher = AsyncDisposable & {
  /**
   * Resolves once all in-sync replicas of Kafka have the event. Events of one conversation keep the order of the calls.
   * While Kafka is unavailable, it waits. After an error, publish the same event again: its eventId makes that
   * harmless.
   * @param options.traceparent W3C trace context, passed on to the receiver.
   * @throws PublisherOverloaded when too many bytes are waiting; InvalidEvent when a field is outside its limits or not
   * well-formed Unicode; EventTooLarge when its notification would exceed 256 KiB; RecordRefused when the broker will
   * never accept it, or its topic may not be written; after a fatal error, that error.
   */
  publish(event: Event, options?: { traceparent?: string }): Promise<void>
}

export class PublisherOverloaded extends Error {
  override name = 'PublisherOverloaded'
}

/** An event outside the limits of contract.md, section 4. POST /v1/events answers it with 422. */
export class InvalidEvent extends Error {
  override name = 'InvalidEvent'
  /** Each wrong field and the rule that it breaks. */
  readonly problems: EventFault[]

  constructor(problems: EventFault[]) {
    super(problems.map(({ field, message }) => `${field} ${message}`).join('; '))
    this.problems = problems
  }
}

export class EventTooLarge extends Error {
  override name = 'EventTooLarge'
}

/** Maximum problems named in one error. */
const maxProblems = 20

/**
 * Publishes events from a bot runtime in Node straight to Kafka, like the producer service does for HTTP. Waits until
 * Kafka, the schema registry and the schemas (npm run topics -- apply) are available.
 * @throws ConfigError when a variable or a file of the connection cannot work.
 *
 * await using publisher = await openPublisher({ env: process.env })
 * await publisher.publish({ type: 'status', event })
 */
export async function openPublisher(options: PublisherOptions): Promise<Publisher> {
  const { maxBufferedBytes = 67_108_864, closeTimeoutMs = 10_000 } = options
  const config = loadConnection(options)
  const prefix = config.HOOKLINE_TOPIC_PREFIX
  const log = options.log ?? pino({ level: 'warn' })
  const closing = new AbortController()
  const context = { log, clock: systemClock, readiness: new Readiness(), stopping: closing.signal }
  const ending = new Termination()
  const publisher = new EventPublisher()
  await publisher.open(
    { kafka: createKafka(config, log), registry: createRegistry(config), use: new TopicUse('bot runtime', prefix) },
    context,
    (error) => ending.end(error),
  )
  return {
    async publish(event, { traceparent } = {}) {
      if (publisher.bufferedBytes >= maxBufferedBytes)
        throw new PublisherOverloaded(`${publisher.bufferedBytes} bytes wait for Kafka`)
      const problems = [...illFormedTexts(event.event, maxProblems), ...eventFaults(event, maxProblems)]
      if (problems.length > 0) throw new InvalidEvent(problems)
      if (isTooLarge(event))
        throw new EventTooLarge(`${event.event.eventId} is over ${limits.maxNotificationBytes} bytes`)
      await ending.orDone(() => publisher.publish(event, traceparent))
    },
    async [Symbol.asyncDispose]() {
      const giveUp = setTimeout(() => closing.abort(), closeTimeoutMs)
      await publisher[Symbol.asyncDispose]()
      clearTimeout(giveUp)
      ending.end(new Error('the publisher is closed'))
    },
  }
}

/**
 * A fault that waiting does not fix leaves records without a result. Their callers get the fault, and so does every
 * later one.
 */
class Termination {
  readonly #rejections = new Set<(error: unknown) => void>()
  #reason: { error: unknown } | undefined

  end(error: unknown): void {
    this.#reason ??= { error }
    for (const reject of this.#rejections) reject(error)
    this.#rejections.clear()
  }

  async orDone(work: () => Promise<void>): Promise<void> {
    if (this.#reason) throw this.#reason.error
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    this.#rejections.add(reject)
    work().then(resolve, reject)
    return promise.finally(() => this.#rejections.delete(reject))
  }
}

const connectionVariables = Type.Object({ ...kafkaVariables, ...registryVariables }, { rules: [...connectionRules] })

function loadConnection({ env = {}, brokers, schemaRegistryUrl, topicPrefix, clientId }: PublisherOptions) {
  return loadConfig(connectionVariables, {
    ...env,
    KAFKA_CLIENT_ID: clientId ?? env.KAFKA_CLIENT_ID ?? 'hookline-publisher',
    ...(brokers && { KAFKA_BROKERS: brokers.join(',') }),
    ...(schemaRegistryUrl !== undefined && { SCHEMA_REGISTRY_URL: schemaRegistryUrl }),
    ...(topicPrefix !== undefined && { HOOKLINE_TOPIC_PREFIX: topicPrefix }),
  })
}
