import type { DeadLetter } from '../../domain/delivery/delivery.ts'
import type { WebhookAlert } from '../../domain/stats/alert.ts'
import type { DeadLetterCounts, WebhookStats } from '../../domain/stats/stats.ts'
import { Codec } from '../../platform/avro/codec.ts'
import type { Registry } from '../../platform/avro/registry.ts'
import type { GroupMembership, KafkaAccess } from '../../platform/kafka/access/kafka-access.ts'
import { membershipSettings } from '../../platform/kafka/group/membership-settings.ts'
import { RecordFaults } from '../../platform/runtime/record-faults.ts'
import type { ServiceContext } from '../../platform/runtime/service.ts'
import { readSchema } from '../../topics/schemas.ts'
import { statsGroupFor, statsTopicFor } from '../../topics/stats-generation.ts'
import { type Topic, topics } from '../../topics/topic-map.ts'
import { TopicUse } from '../../topics/topic-use.ts'
import {
  attemptRules,
  type CountedAttempt,
  type StatsState,
  toRecord,
  toState,
  withoutErrors,
} from '../counting/attempts.ts'
import { type CountedLetter, type LetterState, letterRules, toCounts, toLetterState } from '../counting/dead-letters.ts'
import { createStatsMetrics } from '../metrics.ts'
import { alertWriter, dropAlerts } from './alert-writer.ts'
import { Flusher } from './flusher.ts'
import { openFold } from './open-fold.ts'
import { recordLetters } from './record-letters.ts'

type Config = {
  HOOKLINE_TOPIC_PREFIX: string
  HOOKLINE_SESSION_TIMEOUT_MS: number
  HOOKLINE_INSTANCE_ID: string
  HOOKLINE_STATS_FLUSH_INTERVAL_MS: number
  HOOKLINE_ALERT_SETTLE_MS: number
  HOOKLINE_ALERT_BEHIND_MS: number
}

export type AggregatorContext = Omit<ServiceContext<Config>, 'stopRequested' | 'tracing'>

/**
 * generation: the fold of webhook-attempts. slowThresholdMs: decides again between slow and success; null keeps each
 * attempt's own outcome. businesses: those with metrics of their own. tellsAlerts: whether alerts are written.
 */
export type AggregatorOptions = {
  generation: number
  slowThresholdMs: number | null
  businesses: readonly string[]
  tellsAlerts: boolean
}

/**
 * Folds webhook-attempts into webhook-stats and webhook-alerts, and webhook-dead-letters into
 * webhook-dead-letter-counts, until it is disposed; by then it has written and committed everything folded.
 */
export async function openAggregator(
  { config, log, clock, readiness, metrics: registry, stopping, fail }: AggregatorContext,
  kafka: KafkaAccess,
  avroSchemas: Registry,
  { generation, slowThresholdMs, businesses, tellsAlerts }: AggregatorOptions,
): Promise<AsyncDisposable> {
  await using stack = new AsyncDisposableStack()
  const prefix = config.HOOKLINE_TOPIC_PREFIX
  const use = new TopicUse('stats-aggregator', prefix)
  const groupId = prefix + statsGroupFor(generation)
  const waiting = { log, clock, readiness, stopping }
  readiness.set('stored statistics', 'still reading')
  const codec = new Codec(avroSchemas, waiting)
  const { webhookAlerts, webhookDeadLetterCounts, webhookDeadLetters } = topics
  const states = statsTopicFor(generation)
  const written = [states, webhookAlerts, webhookDeadLetterCounts, webhookDeadLetters].map((topic) => use.write(topic))
  const producer = stack.use(await kafka.openProducer({ topics: written, fail }, waiting))
  const metrics = createStatsMetrics(registry, businesses)

  const deadLetters = use.write(topics.webhookDeadLetters)
  const encodeLetter = await codec.encoder<DeadLetter>(
    use.subject(topics.webhookDeadLetters),
    readSchema(topics.webhookDeadLetters),
  )
  const { nowMs } = clock
  const faults = new RecordFaults({ clock, log, fail, onSetAside: metrics.fault })
  const deadLetter = recordLetters({ log, nowMs, deadLetters: { topic: deadLetters, encode: encodeLetter }, producer })
  const context = { ...waiting, kafka, codec, producer, use, fail, faults, deadLetter, consumer: () => consumer }
  const folded = [topics.webhookAttempts, topics.webhookDeadLetters].map((topic) => use.read(topic))
  const logIds = await kafka.logIds(folded, waiting)
  const sourceLogId = (topic: Topic) => logIds.get(use.read(topic)) ?? null
  const encodeAlert = await codec.encoder<WebhookAlert>(use.subject(webhookAlerts), readSchema(webhookAlerts))
  const alerts = { topic: use.write(webhookAlerts), encode: encodeAlert, send: producer.send.bind(producer) }
  const alertLimits = { settleMs: config.HOOKLINE_ALERT_SETTLE_MS, behindMs: config.HOOKLINE_ALERT_BEHIND_MS }
  const attempts = await openFold<CountedAttempt, StatsState, WebhookStats>(
    {
      source: topics.webhookAttempts,
      rules: attemptRules(slowThresholdMs, alertLimits),
      states,
      toRecord,
      reduced: withoutErrors,
      toState,
      beforeWrite: tellsAlerts ? alertWriter(alerts) : dropAlerts,
      metrics: metrics.attempts(topics.webhookAttempts.name),
      sourceLogId: sourceLogId(topics.webhookAttempts),
    },
    context,
  )
  stack.use(attempts.stored)
  // Only the names are needed: dead letters of events belong to no webhook.
  const eventTopics = [topics.messageEvents, topics.statusEvents].map(({ name }) => prefix + name)
  const letters = await openFold<CountedLetter, LetterState, DeadLetterCounts>(
    {
      source: topics.webhookDeadLetters,
      rules: letterRules(eventTopics),
      states: topics.webhookDeadLetterCounts,
      toRecord: toCounts,
      reduced: null,
      toState: toLetterState,
      beforeWrite: null,
      metrics: metrics.letters(topics.webhookDeadLetters.name),
      sourceLogId: sourceLogId(topics.webhookDeadLetters),
    },
    context,
  )
  stack.use(letters.stored)
  readiness.set('stored statistics', null)

  const flushers = new Map<string, Flusher>()
  const consumer: GroupMembership = await kafka.joinGroup(
    {
      groupId,
      topics: folded,
      logIds,
      ...membershipSettings(config),
      maxWaitMs: 500,
      // Statistics may be half a second late; fetching for each attempt took three times the CPU.
      minBytes: 65_536,
      onAssigned(assignment) {
        attempts.stage.assign(assignment)
        letters.stage.assign(assignment)
      },
      onStart: (start) => (start.topic === attempts.topic ? attempts : letters).stage.starts(start),
      async onBatch(batch) {
        const taken = await (batch.topic === attempts.topic ? attempts : letters).stage.takeBatch(batch)
        flushers.get(batch.topic)?.wake()
        return taken
      },
      fail,
    },
    waiting,
  )
  stack.use(consumer)
  stack.use(metrics.watchLag(kafka, clock))
  // Apart from one another: a topic that Kafka does not accept records for must not delay the other.
  for (const { topic, stage } of [attempts, letters]) {
    const flusher = new Flusher(() => stage.flush(), config.HOOKLINE_STATS_FLUSH_INTERVAL_MS, clock, fail)
    flushers.set(topic, stack.use(flusher))
  }

  return stack.move()
}
