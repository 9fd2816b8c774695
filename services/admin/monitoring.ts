import type { WebhookHealth } from '../domain/health.ts'
import type { WebhookStats } from '../domain/stats.ts'
import type { Codec } from '../platform/codec.ts'
import type { Kafka } from '../platform/kafka/client.ts'
import type { WaitContext } from '../platform/retry-until.ts'
import { schemaOf, topicName } from '../schemas.ts'
import { type Topic, topics } from '../topics.ts'
import { LatestRecords } from './latest-records.ts'

/** What is known of each webhook's traffic; keys are webhook ids. */
export type Monitoring = AsyncDisposable & {
  stats(webhookId: string): WebhookStats | undefined
  health(webhookId: string): WebhookHealth | undefined
}

export type MonitoringOptions = {
  prefix: string
  sessionTimeoutMs: number
  fail: (error: unknown) => void
  /**
   * Called whenever something new is known of a webhook: stats() or health() gives it already. For stats no more often
   * than the aggregator writes (each second); for health whenever its breaker, pause or parking changed.
   */
  onChange: (what: 'stats' | 'health', webhookId: string) => void
}

/** webhook-stats and webhook-health as tables in memory. Resolves when both have been read to their ends. */
export async function openMonitoring(
  kafka: Kafka,
  codec: Codec,
  { prefix, sessionTimeoutMs, fail, onChange }: MonitoringOptions,
  context: WaitContext,
): Promise<Monitoring> {
  const open = <T>(topic: Topic, what: 'stats' | 'health') =>
    LatestRecords.open<T>(
      kafka,
      {
        topic: topicName(topic, prefix),
        groupPrefix: `${prefix}admin-${topic.name}`,
        sessionTimeoutMs,
        decode: codec.decoder<T>(schemaOf(topic)),
        onChange: (webhookId) => onChange(what, webhookId),
        fail,
      },
      context,
    )
  const [stats, health] = await Promise.all([
    open<WebhookStats>(topics.webhookStats, 'stats'),
    open<WebhookHealth>(topics.webhookHealth, 'health'),
  ])
  return {
    stats: (webhookId) => stats.get(webhookId),
    health: (webhookId) => health.get(webhookId),
    async [Symbol.asyncDispose]() {
      await Promise.all([stats[Symbol.asyncDispose](), health[Symbol.asyncDispose]()])
    },
  }
}
