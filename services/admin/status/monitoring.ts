import type { WebhookSnapshot } from '../../domain/delivery/webhook-snapshot.ts'
import type { DeadLetterCounts, WebhookStats } from '../../domain/stats/stats.ts'
import type { Codec } from '../../platform/avro/codec.ts'
import type { Kafka } from '../../platform/kafka/client.ts'
import type { WaitContext } from '../../platform/runtime/retry-until.ts'
import { type Topic, topics } from '../../topics/map.ts'
import { readSchema } from '../../topics/schemas.ts'
import { statsTopicFor } from '../../topics/stats-generation.ts'
import type { TopicUse } from '../../topics/topic-use.ts'
import { LatestRecords } from '../records/latest-records.ts'

/** What is known of each webhook's traffic; keys are webhook ids. */
export type Monitoring = AsyncDisposable & {
  stats(webhookId: string): WebhookStats | undefined
  health(webhookId: string): WebhookSnapshot | undefined
  deadLetters(webhookId: string): DeadLetterCounts | undefined
}

export type MonitoringOptions = {
  use: TopicUse
  /** Of webhook-stats. */
  generation: number
  fail: (error: unknown) => void
  /**
   * Called whenever something new is known of a webhook: stats(), deadLetters() or health() gives it already. For stats
   * (dead letters too) no more often than the aggregator writes (each second); for health whenever its breaker, pause or
   * parking changed.
   */
  onChange: (what: 'stats' | 'health', webhookId: string) => void
}

/** webhook-stats, webhook-dead-letter-counts and webhook-health as tables in memory. Resolves when they have been read to their ends. */
export async function openMonitoring(
  kafka: Kafka,
  codec: Codec,
  { use, generation, fail, onChange }: MonitoringOptions,
  context: WaitContext,
): Promise<Monitoring> {
  const open = <T>(topic: Topic, what: 'stats' | 'health') =>
    LatestRecords.open<T>(
      kafka,
      {
        topic: use.read(topic),
        groupPrefix: `${use.prefix}admin-${topic.name}`,
        decode: codec.decoder<T>(readSchema(topic)),
        onChange: (webhookId) => onChange(what, webhookId),
        fail,
      },
      context,
    )
  const [stats, health, deadLetters] = await Promise.all([
    open<WebhookStats>(statsTopicFor(generation), 'stats'),
    open<WebhookSnapshot>(topics.webhookHealth, 'health'),
    open<DeadLetterCounts>(topics.webhookDeadLetterCounts, 'stats'),
  ])
  return {
    stats: (webhookId) => stats.get(webhookId),
    health: (webhookId) => health.get(webhookId),
    deadLetters: (webhookId) => deadLetters.get(webhookId),
    async [Symbol.asyncDispose]() {
      await Promise.all([stats, health, deadLetters].map((records) => records[Symbol.asyncDispose]()))
    },
  }
}
