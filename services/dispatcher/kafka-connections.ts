import type { Static } from 'typebox'
import { type ConfigTableOptions, openDefinitions } from '../config-topics/config-tables.ts'
import type { Entry } from '../domain/definition/definition-table.ts'
import type { SnapshotLogIds } from '../domain/delivery/webhook-snapshot.ts'
import { Codec } from '../platform/avro/codec.ts'
import type { Registry } from '../platform/avro/registry.ts'
import type { KafkaAccess, OpenProducer, OpenRangeReader } from '../platform/kafka/access/kafka-access.ts'
import type { KeyRing } from '../platform/keyring.ts'
import type { ServiceContext } from '../platform/runtime/service.ts'
import { topics as topicMap } from '../topics/topic-map.ts'
import { TopicUse } from '../topics/topic-use.ts'
import type { dispatcherConfig } from './config.ts'
import { type DispatcherTopics, openDispatcherTopics } from './intake/dispatcher-topics.ts'
import { checkPartitions } from './intake/partition-check.ts'

export type DispatcherService = ServiceContext<Static<typeof dispatcherConfig>>

/**
 * Wait for more outcomes before they are written: at 500 deliveries a second, writing each one by itself would take a
 * third of the dispatcher's and the broker's CPU.
 */
const recordLingerMs = 5

type Parts = {
  kafka: KafkaAccess
  topics: DispatcherTopics
  producer: OpenProducer
  definitions: Awaited<ReturnType<typeof openDefinitions>>
  reader: OpenRangeReader
  listeners: DefinitionListener[]
  logIds: SnapshotLogIds
  configTopic: string
}

/** Called with the business that a webhook's definition names, after each record of webhook-config. */
type DefinitionListener = (webhookId: string, businessId: string) => void

/** Everything the dispatcher has open in Kafka before it joins its group: topics, producer, definitions, range reader. */
export class KafkaConnections implements AsyncDisposable {
  readonly kafka: KafkaAccess
  readonly topics: DispatcherTopics
  readonly producer: OpenProducer
  readonly reader: OpenRangeReader
  /** Ids of the logs of webhook-attempts and webhook-parked that snapshots refer to. */
  readonly logIds: SnapshotLogIds
  /** Name of webhook-config. */
  readonly configTopic: string
  /** webhook-config as a table of definitions, and the topic it is read from. */
  readonly definitions: Parts['definitions']
  /** Whether other members of the consumer group may have the partitions; set by whoever joins it. */
  isSilent: () => boolean = () => false
  readonly #listeners: DefinitionListener[]
  readonly #recorded: string[]
  readonly #opened: AsyncDisposableStack

  private constructor(parts: Parts, opened: AsyncDisposableStack) {
    this.kafka = parts.kafka
    this.topics = parts.topics
    this.producer = parts.producer
    this.reader = parts.reader
    this.logIds = parts.logIds
    this.configTopic = parts.configTopic
    this.definitions = parts.definitions
    this.#listeners = parts.listeners
    this.#recorded = outcomeTopics(parts.topics)
    this.#opened = opened
  }

  /** Resolves once Kafka and the registry answer, all topics exist, and webhook-config has been read to its end. */
  static async open(
    { config, log, clock, readiness, stopping, fail }: DispatcherService,
    keys: KeyRing,
    kafka: KafkaAccess,
    registry: Registry,
  ): Promise<KafkaConnections> {
    const prefix = config.HOOKLINE_TOPIC_PREFIX
    const use = new TopicUse('dispatcher', prefix)
    const context = { log, clock, readiness, stopping }
    await using opened = new AsyncDisposableStack()
    const topics = await openDispatcherTopics(new Codec(registry, context), use)
    await checkPartitions(kafka, topics, context)
    const configTopic = use.write(topicMap.webhookConfig)
    const written = [...outcomeTopics(topics), topics.health.topic, configTopic]
    const producerOptions = { topics: written, lingerMs: recordLingerMs, fail }
    const producer = opened.use(await kafka.openProducer(producerOptions, context))

    const listeners: DefinitionListener[] = []
    const onChange: ConfigTableOptions['onChange'] = (webhookId, _record, businessId) => {
      if (businessId !== undefined) for (const listener of listeners) listener(webhookId, businessId)
    }
    const definitions = await openDefinitions(kafka, { use, fail, keys, onChange }, context)
    opened.use(definitions.topic)
    readiness.set('definitions', null)

    const { health: snapshots, attempts, parked, replays } = topics
    const readTopics = [snapshots.topic, attempts.topic, parked.topic, replays]
    const known = await kafka.logIds(readTopics, context)
    const reader = opened.use(await kafka.openRangeReader({ topics: readTopics, logIds: known, fail }, context))
    const logIds = {
      attemptsLogId: known.get(attempts.topic) ?? null,
      parkedLogId: known.get(parked.topic) ?? null,
    }
    const parts = { kafka, topics, producer, definitions, listeners, reader, logIds, configTopic }
    return new KafkaConnections(parts, opened.move())
  }

  /** Definition in force at this moment. */
  definition(webhookId: string): Entry | undefined {
    return this.definitions.table.get(webhookId)
  }

  /** Adds a listener. */
  onDefinition(listener: DefinitionListener): void {
    this.#listeners.push(listener)
  }

  /**
   * Whether outcomes can be recorded: Kafka takes them, and the partitions are this instance's, as far as it can know. A
   * notification sent without a record would be sent again at each restart.
   */
  canRecord(): boolean {
    return !this.isSilent() && this.producer.takes(this.#recorded)
  }

  /**
   * Resolves when all definitions that Kafka held at the time of the call have been read. Uses a connection that stays
   * open, because it is called every two seconds.
   */
  async readDefinitionsToTheEnd(): Promise<void> {
    for (const { partition, low, high } of await this.reader.ends(this.configTopic))
      if (high > low) await this.definitions.topic.reached(partition, high)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#opened.disposeAsync()
  }
}

/** Topics that the outcomes of attempts are written to. */
function outcomeTopics({ attempts, deadLetters, parked, joined, retries }: DispatcherTopics): string[] {
  const others = Object.values(retries).map(({ topic }) => topic)
  return [attempts.topic, deadLetters.topic, parked.topic, joined.topic, ...others]
}
