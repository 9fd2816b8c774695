import type { Attempt, DeadLetter } from '../domain/delivery.ts'
import type { WebhookStats } from '../domain/stats.ts'
import { Codec, createRegistry } from '../platform/codec.ts'
import { createHttpServer } from '../platform/http-server.ts'
import { createKafka } from '../platform/kafka/client.ts'
import { GroupConsumer } from '../platform/kafka/consumer.ts'
import { BatchingProducer } from '../platform/kafka/producer.ts'
import { listen, runService } from '../platform/service.ts'
import { schemaOf, subjectOf, topicName } from '../schemas.ts'
import { type Topic, topics } from '../topics.ts'
import { statsAggregatorConfig } from './config.ts'
import { unreadableLetter } from './dead-letter.ts'
import { Flusher } from './flusher.ts'
import { toRecord } from './fold.ts'
import { createStatsMetrics } from './metrics.ts'
import { StatsStage } from './stage.ts'
import { StoredTopic } from './stored-topic.ts'

await runService('stats-aggregator', statsAggregatorConfig, async (service) => {
  const { config, log, clock, health, metrics, fail, stopping, stopRequested } = service
  const prefix = config.HOOKLINE_TOPIC_PREFIX
  const sessionTimeoutMs = config.HOOKLINE_SESSION_TIMEOUT_MS
  const attemptsTopic = topicName(topics.webhookAttempts, prefix)
  const statsTopic = topicName(topics.webhookStats, prefix)
  const deadLettersTopic = topicName(topics.webhookDeadLetters, prefix)
  const context = { log, clock, health, stopping }
  health.set('stored statistics', 'not read to the end yet')

  await using _server = await listen(createHttpServer({ log, health, metrics }), config, log)
  const kafka = createKafka(config, log)
  const codec = new Codec(createRegistry(config), context)
  const encoder = <T>(topic: Topic) => codec.encoder<T>(subjectOf(topic, prefix), schemaOf(topic))
  const encodeStats = await encoder<WebhookStats>(topics.webhookStats)
  const encodeDeadLetter = await encoder<DeadLetter>(topics.webhookDeadLetters)
  await using producer = await BatchingProducer.open(kafka, context, fail)

  await using storedTopic = await StoredTopic.open(
    kafka,
    {
      topic: statsTopic,
      groupPrefix: `${prefix}stats-aggregator-webhook-stats`,
      sessionTimeoutMs,
      decode: codec.decoder<WebhookStats>(schemaOf(topics.webhookStats)),
      fail,
    },
    context,
  )
  health.set('stored statistics', null)

  const stage = new StatsStage({
    topic: attemptsTopic,
    decode: codec.decoder<Attempt>(schemaOf(topics.webhookAttempts)),
    stored: storedTopic.stored,
    storedCaughtUp: () => storedTopic.caughtUp(),
    write: (state) =>
      producer.send({
        topic: statsTopic,
        key: state.webhookId,
        value: encodeStats(toRecord(state, clock.nowMs())),
        partition: state.source.partition,
      }),
    unreadable: (record, reason) => {
      const { topic, partition, offset, key } = record
      log.error({ topic, partition, offset, reason }, 'record is not readable')
      const value = encodeDeadLetter(unreadableLetter(record, reason, clock.nowMs()))
      return producer.send({ topic: deadLettersTopic, key, value, partition })
    },
    commit: (assignment, commits) => consumer.commit(assignment, commits),
    commitFailed: (error) => log.warn({ err: error }, 'commit failed, the next one makes up for it'),
    metrics: createStatsMetrics(metrics),
    stopping,
  })
  const consumer: GroupConsumer = await GroupConsumer.open(
    kafka,
    {
      groupId: `${prefix}stats-aggregator`,
      topics: [attemptsTopic],
      sessionTimeoutMs,
      maxWaitMs: 250,
      // Statistics may come a quarter of a second late: fetching for each attempt took three times the CPU.
      minBytes: 65_536,
      onAssigned: (assignment) => stage.assign(assignment),
      onBatch: (batch) => stage.takeBatch(batch),
      fail,
    },
    context,
  )
  await using _consumer = consumer
  await using _flusher = new Flusher(() => stage.flush(), config.HOOKLINE_STATS_FLUSH_INTERVAL_MS, clock, fail)

  await stopRequested
})
