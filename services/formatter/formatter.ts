import type { Static } from 'typebox'
import { openAccounts, openDefinitions } from '../config-topics/config-tables.ts'
import type { DeadLetter, Delivery } from '../domain/delivery/delivery.ts'
import type { MessageEvent, StatusEvent } from '../domain/event/event.ts'
import { Codec } from '../platform/avro/codec.ts'
import type { Registry } from '../platform/avro/registry.ts'
import type { GroupMembership, KafkaAccess } from '../platform/kafka/access/kafka-access.ts'
import { membershipSettings } from '../platform/kafka/group/membership-settings.ts'
import { Patience } from '../platform/kafka/patience.ts'
import { RecordFaults } from '../platform/runtime/record-faults.ts'
import type { ServiceContext } from '../platform/runtime/service.ts'
import { messageSource, originOf, statusSource } from '../topics/events/event-source.ts'
import { learnSchemas, readSchema } from '../topics/schemas.ts'
import { type Topic, topics } from '../topics/topic-map.ts'
import { TopicUse } from '../topics/topic-use.ts'
import { Commits } from './commits.ts'
import type { formatterConfig } from './config.ts'
import { decide } from './decide-notification.ts'
import { createDefinitionMetrics, createFormatterMetrics } from './metrics.ts'
import { MisplacedRecords } from './misplaced-records.ts'
import { Output } from './output.ts'
import { partitionCount } from './partition-count.ts'
import { FormatterStage } from './stage.ts'
import { type TracedEdges, traceFormatting } from './traces.ts'

/** Maximum bytes of notifications on their way to Kafka: several of the largest batches. */
const maxBufferedBytes = 4_194_304

export type FormatterService = Omit<ServiceContext<Static<typeof formatterConfig>>, 'stopRequested'>

export type OpenFormatter = AsyncDisposable & {
  /** Resolves when what was taken is finished and committed; nothing more is taken once stopping has begun. */
  drain(): Promise<void>
}

/** Opens one instance of the formatter. Resolves when it has joined its consumer group, however long that takes. */
export async function openFormatter(
  { config, log, clock, readiness, metrics, tracing, fail, stopping }: FormatterService,
  kafka: KafkaAccess,
  registry: Registry,
): Promise<OpenFormatter> {
  await using opened = new AsyncDisposableStack()
  const prefix = config.HOOKLINE_TOPIC_PREFIX
  const use = new TopicUse('formatter', prefix)
  const context = { log, clock, readiness, stopping }
  readiness.set('definitions and accounts', 'still reading')

  const codec = new Codec(registry, context)
  const encoder = <T>(topic: Topic) => codec.encoder<T>(use.subject(topic), readSchema(topic))
  await learnSchemas(codec, [topics.messageEvents, topics.statusEvents], prefix)
  const encodeDelivery = await encoder<Delivery>(topics.webhookDeliveries)
  const encodeDeadLetter = await encoder<DeadLetter>(topics.webhookDeadLetters)
  const producer = opened.use(await kafka.openProducer({ topics: use.allWritten(), fail }, context))

  const tableOptions = { use, fail }
  const definitions = await openDefinitions(kafka, tableOptions, context)
  opened.use(definitions.topic)
  const accounts = await openAccounts(kafka, tableOptions, context)
  opened.use(accounts.topic)
  readiness.set('definitions and accounts', null)
  createDefinitionMetrics([metrics], definitions.table)
  const formatterMetrics = createFormatterMetrics([metrics])

  const deadLettersTopic = use.write(topics.webhookDeadLetters)
  const output = new Output({
    producer,
    deliveries: { topic: use.write(topics.webhookDeliveries), encode: encodeDelivery },
    deadLetters: {
      topic: deadLettersTopic,
      encode: encodeDeadLetter,
      partitions: await partitionCount(kafka, deadLettersTopic, context),
    },
    nowMs: clock.nowMs,
  })
  const tables = { findOwner: definitions.table.findOwner.bind(definitions.table), account: accounts.get }
  const sources = new Map([
    [use.read(topics.messageEvents), messageSource(codec.decoder<MessageEvent>(readSchema(topics.messageEvents)))],
    [use.read(topics.statusEvents), statusSource(codec.decoder<StatusEvent>(readSchema(topics.statusEvents)))],
  ])
  const commits = opened.use(
    new Commits(
      (assignment, offsets) => consumer.commit(assignment, offsets),
      config.HOOKLINE_FORMATTER_COMMIT_INTERVAL_MS,
      clock,
    ),
  )
  const misplaced = new MisplacedRecords({
    clock,
    count: formatterMetrics.misplaced,
    warn: (record, detail) => log.warn({ ...record, detail }, 'events may overtake one another'),
  })
  const countPartitions = () =>
    Promise.all(
      Array.from(sources.keys(), async (topic) =>
        misplaced.setPartitions(topic, await partitionCount(kafka, topic, context)),
      ),
    )
  await countPartitions()
  const edges: TracedEdges = {
    decide: (event, record) => decide(event, tables, originOf(record), clock.nowMs()),
    output,
  }
  const stage = new FormatterStage({
    sources,
    ...(tracing ? traceFormatting(edges, tracing, clock) : edges),
    faults: new RecordFaults({ clock, log, fail }),
    observe: (record) => misplaced.check(record),
    hasRoom: () => producer.bufferedBytes < maxBufferedBytes,
    finished: (assignment, commit) => commits.finished(assignment, commit),
    patience: new Patience({
      clock,
      stopping,
      pause: (topic, partition) => consumer.pause(topic, partition),
      resume: (topic, partition) => consumer.resume(topic, partition),
    }),
    unreadable: ({ topic, partition, offset }, reason) =>
      log.error({ topic, partition, offset, reason }, 'record is not readable'),
    metrics: formatterMetrics,
    stopping,
  })
  const consumer: GroupMembership = await kafka.joinGroup(
    {
      groupId: `${prefix}formatter`,
      topics: [...sources.keys()],
      ...membershipSettings(config),
      maxWaitMs: 1_000,
      onAssigned: () => {
        formatterMetrics.lag.reset()
        // Partitions may have been added. This rejects only when the service stops.
        void countPartitions().catch((error: unknown) => log.info({ err: error }, 'partitions were not counted'))
      },
      onRebalance: () => commits.flush(),
      onStart: ({ offset, ...start }) => formatterMetrics.lag.set({ ...start, nextOffset: offset }),
      onBatch: (batch) => stage.takeBatch(batch),
      fail,
    },
    context,
  )
  opened.use(consumer)
  opened.use(formatterMetrics.lag.watch(kafka, clock))

  const stack = opened.move()
  return {
    async drain() {
      await stage.drain()
      await commits.flush()
    },
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  }
}
