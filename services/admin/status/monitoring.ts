import type { WebhookDefinition } from '../../domain/definition/definition.ts'
import { isSameBusiness } from '../../domain/definition/same-business.ts'
import type { WebhookSnapshot } from '../../domain/delivery/webhook-snapshot.ts'
import type { DeadLetterCounts, WebhookStats } from '../../domain/stats/stats.ts'
import type { Codec } from '../../platform/avro/codec.ts'
import type { Kafka } from '../../platform/kafka/client.ts'
import type { WaitContext } from '../../platform/runtime/retry-until.ts'
import { readSchema } from '../../topics/schemas.ts'
import { statsTopicFor } from '../../topics/stats-generation.ts'
import { type Topic, topics } from '../../topics/topic-map.ts'
import type { TopicUse } from '../../topics/topic-use.ts'
import { LatestRecords } from '../records/latest-records.ts'

/** Names a webhook. An id alone does not: it can move to another business, which must not see what was known before. */
export type WebhookOfBusiness = Pick<WebhookDefinition, 'id' | 'businessId'>

/** Traffic of each webhook of a business, as far as it is known. */
export type Monitoring = {
  stats(webhook: WebhookOfBusiness): WebhookStats | undefined
  health(webhook: WebhookOfBusiness): WebhookSnapshot | undefined
  deadLetters(webhook: WebhookOfBusiness): DeadLetterCounts | undefined
}

export type MonitoringOptions = {
  use: TopicUse
  /** Record of webhook-stats. */
  generation: number
  fail: (error: unknown) => void
  /**
   * Called after the facts about a webhook have changed. For stats and dead letters at most as often as the aggregator writes
   * (every second); for health whenever the breaker, pause or parking has changed.
   */
  onChange: (what: 'stats' | 'health', webhookId: string) => void
}

/** Opens webhook-stats, webhook-dead-letter-counts and webhook-health as tables in memory. Resolves once they have been read. */
export async function openMonitoring(
  kafka: Kafka,
  codec: Codec,
  { use, generation, fail, onChange }: MonitoringOptions,
  context: WaitContext,
): Promise<Monitoring & AsyncDisposable> {
  const open = <T>(topic: Topic, what: 'stats' | 'health') =>
    LatestRecords.open<T>(
      kafka,
      {
        topic: use.read(topic),
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
    ...ownRecords({ stats, health, deadLetters }),
    async [Symbol.asyncDispose]() {
      await Promise.all([stats, health, deadLetters].map((records) => records[Symbol.asyncDispose]()))
    },
  }
}

/** The newest record of each webhook id, whichever business it had. */
export type MonitoringTables = {
  stats: Pick<LatestRecords<WebhookStats>, 'get'>
  health: Pick<LatestRecords<WebhookSnapshot>, 'get'>
  deadLetters: Pick<LatestRecords<DeadLetterCounts>, 'get'>
}

/** Shows each business the records of its own webhooks only. */
export function ownRecords({ stats, health, deadLetters }: MonitoringTables): Monitoring {
  return {
    stats: (webhook) => ownRecord(stats.get(webhook.id), webhook),
    health: (webhook) => ownRecord(health.get(webhook.id), webhook),
    deadLetters: (webhook) => ownRecord(deadLetters.get(webhook.id), webhook),
  }
}

/** The record unless it names another business; records of earlier versions name none. */
export function ownRecord<T extends { businessId?: string | null | undefined }>(
  record: T | undefined,
  { businessId }: WebhookOfBusiness,
): T | undefined {
  return isSameBusiness(record?.businessId, businessId) ? record : undefined
}
