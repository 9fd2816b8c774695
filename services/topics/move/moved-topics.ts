import { type Topic, topics } from '../topic-map.ts'

/** Topics of which a move copies records. */
export const movedTopics: readonly Topic[] = [
  topics.webhookConfig,
  topics.accountConfig,
  topics.webhookStats,
  topics.webhookDeadLetters,
]

/** Consumer groups, and the topics of which each must have committed everything before a switch. */
export const drained: readonly [group: string, topics: readonly Topic[]][] = [
  ['formatter', [topics.messageEvents, topics.statusEvents]],
  ['dispatcher', [topics.webhookDeliveries, topics.webhookTests]],
  ['stats-aggregator', [topics.webhookAttempts, topics.webhookDeadLetters]],
]

/** Topics whose notifications may be overtaken, so that they are sent after a switch too. */
export const retryTopics: readonly Topic[] = [
  topics.webhookRetries1m,
  topics.webhookRetries5m,
  topics.webhookRetries30m,
  topics.webhookRetries2h,
  topics.webhookRetries5h,
  topics.webhookRetries10h,
]
