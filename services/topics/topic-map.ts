/** The topics in the order of the data flow (contract.md, section 4): writers, readers, retention. */

export type Service =
  | 'bot runtime'
  | 'producer'
  | 'formatter'
  | 'dispatcher'
  | 'stats-aggregator'
  | 'admin'
  | 'operators'
  | 'analytics'

/** Variable of `topics apply` that sets how long a topic keeps its records (retention.ts). */
export type RetentionVariable =
  | 'HOOKLINE_EVENT_RETENTION_HOURS'
  | 'HOOKLINE_NOTIFICATION_RETENTION_HOURS'
  | 'HOOKLINE_ATTEMPT_RETENTION_HOURS'
  | 'HOOKLINE_DEAD_LETTER_RETENTION_HOURS'

export type Topic = {
  /** Name without the prefix. */
  name: string
  /** File in schemas/. Values are Avro in the Confluent wire format (.avsc) or plain JSON (.json). */
  schema: string
  key: string
  /** Admin is one of every topic whose unreadable records an operator may send through it again (replayUnread). */
  writers: Service[]
  readers: Service[]
  /** retentionDays: the default, for topics that have a variable. */
  cleanup: { policy: 'compact' } | { policy: 'delete'; retentionDays: number }
  /** Of topics with texts or contacts of chats. All topics of a variable have the same default. */
  retentionVariable?: RetentionVariable
  /**
   * data: HOOKLINE_PARTITIONS partitions, the same for all such topics, so that a webhook has one partition number in
   * all of them. one: a single partition, for a total order.
   */
  partitions: 'data' | 'one'
}

/** A delay topic. All of its records wait about equally long, so the oldest is due first. */
function retryTopic<Tier extends string>(tier: Tier) {
  return {
    name: `webhook-retries-${tier}`,
    schema: 'webhook-pending.avsc',
    key: 'webhook id',
    writers: ['dispatcher', 'admin'],
    readers: ['dispatcher', 'admin', 'operators'],
    cleanup: { policy: 'delete', retentionDays: 7 },
    retentionVariable: 'HOOKLINE_NOTIFICATION_RETENTION_HOURS',
    partitions: 'data',
  } as const satisfies Topic
}

export const topics = {
  messageEvents: {
    name: 'message-events',
    schema: 'message-events.avsc',
    key: '<chatChannelId>:<contactId>',
    writers: ['bot runtime', 'producer', 'admin'],
    readers: ['formatter', 'admin', 'analytics'],
    cleanup: { policy: 'delete', retentionDays: 7 },
    retentionVariable: 'HOOKLINE_EVENT_RETENTION_HOURS',
    partitions: 'data',
  },
  statusEvents: {
    name: 'status-events',
    schema: 'status-events.avsc',
    key: '<chatChannelId>:<contactId>',
    writers: ['bot runtime', 'producer', 'admin'],
    readers: ['formatter', 'admin', 'analytics'],
    cleanup: { policy: 'delete', retentionDays: 7 },
    retentionVariable: 'HOOKLINE_EVENT_RETENTION_HOURS',
    partitions: 'data',
  },
  webhookConfig: {
    name: 'webhook-config',
    schema: 'webhook-config.schema.json',
    key: 'webhook id',
    writers: ['admin', 'dispatcher', 'operators'],
    readers: ['formatter', 'dispatcher', 'admin'],
    cleanup: { policy: 'compact' },
    partitions: 'one',
  },
  accountConfig: {
    name: 'account-config',
    schema: 'account-config.schema.json',
    key: 'business id',
    writers: ['admin', 'operators'],
    readers: ['formatter', 'admin'],
    cleanup: { policy: 'compact' },
    partitions: 'one',
  },
  webhookDeliveries: {
    name: 'webhook-deliveries',
    schema: 'webhook-deliveries.avsc',
    key: 'webhook id',
    writers: ['formatter', 'admin'],
    readers: ['dispatcher', 'admin', 'analytics'],
    cleanup: { policy: 'delete', retentionDays: 7 },
    retentionVariable: 'HOOKLINE_NOTIFICATION_RETENTION_HOURS',
    partitions: 'data',
  },
  webhookRetries1m: retryTopic('1m'),
  webhookRetries5m: retryTopic('5m'),
  webhookRetries30m: retryTopic('30m'),
  webhookRetries2h: retryTopic('2h'),
  webhookRetries5h: retryTopic('5h'),
  webhookRetries10h: retryTopic('10h'),
  webhookParked: {
    name: 'webhook-parked',
    schema: 'webhook-pending.avsc',
    key: 'webhook id',
    writers: ['dispatcher', 'admin'],
    readers: ['dispatcher', 'admin', 'operators'],
    cleanup: { policy: 'delete', retentionDays: 7 },
    retentionVariable: 'HOOKLINE_NOTIFICATION_RETENTION_HOURS',
    partitions: 'data',
  },
  webhookReplays: {
    name: 'webhook-replays',
    schema: 'webhook-pending.avsc',
    key: 'webhook id',
    writers: ['admin', 'dispatcher'],
    readers: ['dispatcher', 'admin'],
    cleanup: { policy: 'delete', retentionDays: 7 },
    retentionVariable: 'HOOKLINE_NOTIFICATION_RETENTION_HOURS',
    partitions: 'data',
  },
  webhookTests: {
    name: 'webhook-tests',
    schema: 'webhook-pending.avsc',
    key: 'webhook id',
    writers: ['admin'],
    readers: ['dispatcher', 'admin'],
    cleanup: { policy: 'delete', retentionDays: 1 },
    partitions: 'data',
  },
  webhookHealth: {
    name: 'webhook-health',
    schema: 'webhook-health.avsc',
    key: "webhook id; partition-<number> for the partition's own offsets",
    writers: ['dispatcher'],
    readers: ['dispatcher', 'admin', 'operators'],
    cleanup: { policy: 'compact' },
    partitions: 'data',
  },
  webhookAttempts: {
    name: 'webhook-attempts',
    schema: 'webhook-attempts.avsc',
    key: 'webhook id',
    writers: ['dispatcher', 'admin'],
    readers: ['dispatcher', 'stats-aggregator', 'admin', 'analytics'],
    cleanup: { policy: 'delete', retentionDays: 14 },
    retentionVariable: 'HOOKLINE_ATTEMPT_RETENTION_HOURS',
    partitions: 'data',
  },
  webhookStats: {
    name: 'webhook-stats',
    schema: 'webhook-stats.avsc',
    key: 'webhook id',
    writers: ['stats-aggregator'],
    readers: ['stats-aggregator', 'admin', 'analytics'],
    cleanup: { policy: 'compact' },
    partitions: 'data',
  },
  webhookAlerts: {
    name: 'webhook-alerts',
    schema: 'webhook-alerts.avsc',
    key: 'webhook id',
    writers: ['stats-aggregator'],
    readers: ['admin', 'operators', 'analytics'],
    cleanup: { policy: 'delete', retentionDays: 14 },
    partitions: 'data',
  },
  webhookAudit: {
    name: 'webhook-audit',
    schema: 'webhook-audit.avsc',
    key: 'business id',
    writers: ['admin'],
    readers: ['admin', 'operators', 'analytics'],
    cleanup: { policy: 'delete', retentionDays: 365 },
    partitions: 'one',
  },
  webhookSessions: {
    name: 'webhook-sessions',
    schema: 'webhook-sessions.avsc',
    key: 'token:<digest> of a login token that was used; session:<digest> of a browser session that has ended',
    writers: ['admin'],
    readers: ['admin'],
    cleanup: { policy: 'delete', retentionDays: 2 },
    partitions: 'one',
  },
  webhookDeadLetters: {
    name: 'webhook-dead-letters',
    schema: 'webhook-dead-letters.avsc',
    key: 'webhook id; of an unreadable record, its own key',
    writers: ['dispatcher', 'formatter', 'stats-aggregator'],
    readers: ['stats-aggregator', 'admin', 'operators'],
    cleanup: { policy: 'delete', retentionDays: 14 },
    retentionVariable: 'HOOKLINE_DEAD_LETTER_RETENTION_HOURS',
    partitions: 'data',
  },
  webhookDeadLetterCounts: {
    name: 'webhook-dead-letter-counts',
    schema: 'webhook-dead-letter-counts.avsc',
    key: 'webhook id',
    writers: ['stats-aggregator'],
    readers: ['stats-aggregator', 'admin'],
    cleanup: { policy: 'compact' },
    partitions: 'data',
  },
} as const satisfies Record<string, Topic>
