/**
 * Notifications and their results, as in schemas/webhook-*.avsc. Times are milliseconds since the epoch and have the
 * names of the Avro fields.
 */

export const notificationKinds = ['message', 'status'] as const
export type NotificationKind = (typeof notificationKinds)[number]

/** Names a notification, and what it is about. */
type NotificationIds = {
  /** The webhook-id header. */
  deliveryId: string
  webhookId: string
  businessId: string
  eventId: string
  kind: NotificationKind
  chatChannelId: string
  contactId: string
}

/** One notification of one webhook, ready to be sent: a record of webhook-deliveries. */
export type Delivery = NotificationIds & {
  /** JSON in UTF-8; every attempt sends these bytes. */
  body: Buffer
  traceparent: string | null
  createdAt: number
  definitionVersion: number
  /** Offset in webhook-config of the definition that formatted the notification. */
  definitionOffset: number
  /** Timestamp of the event's record; absent in records of earlier versions. */
  eventPublishedAt?: number | null
}

export const attemptOutcomes = ['success', 'slow', 'error', 'rejected'] as const
export type AttemptOutcome = (typeof attemptOutcomes)[number]
export const nextSteps = ['none', 'retry', 'deadLetter'] as const
export type NextStep = (typeof nextSteps)[number]
/** Change of its webhook that an attempt caused: the breaker opened or closed, or Hookline switched it off. */
export type WebhookTransition = 'blocked' | 'unblocked' | 'switched-off'

/**
 * In records of a replay: when its notification was last given up before the replay; null if it was not, or has been
 * delivered since. It lets folds count a notification that is given up again only once. Absent in records of earlier
 * versions.
 */
export type GivenUpAt = number | null | undefined

/** One attempt at sending a delivery: a record of webhook-attempts. */
export type Attempt = NotificationIds & {
  /** Number of the attempt, from 1. */
  attempt: number
  startedAt: number
  latencyMs: number | null
  outcome: AttemptOutcome
  cause: string | null
  status: number | null
  responseExcerpt: string | null
  slowThresholdMs: number
  next: NextStep
  nextAttemptAt: number | null
  /** Delay topic, without its prefix, in which the notification waits. */
  nextTopic: string | null
  definitionVersion: number
  /**
   * Offset in webhook-config of the definition that sent it; null for the test of a draft and for attempts of earlier
   * versions.
   */
  definitionOffset: number | null
  deliveryCreatedAt: number
  sourceTopic: string
  sourceOffset: number
  /**
   * Topic id of the log that the offset belongs to, for webhook-parked only; null for other topics, and absent in records of
   * earlier versions.
   */
  sourceLogId?: string | null
  test: boolean
  /** Id of the replay that made it. The attempts of a replay are counted from 1 again. */
  replayId: string | null
  /** Absent in records of earlier versions. */
  transition?: WebhookTransition | null
  givenUpAt?: GivenUpAt
  /** Only of a test: header fields of the response, one a line; absent in records of earlier versions. */
  responseHeaders?: string | null
}

export type AttemptSummary = Pick<
  Attempt,
  'attempt' | 'startedAt' | 'latencyMs' | 'outcome' | 'cause' | 'status' | 'responseExcerpt'
>

export const deadLetterReasons = [
  /** Every attempt of the retry profile failed. */
  'exhausted',
  /** Final response: 3xx, or a 4xx that is not retried. */
  'refused',
  /** 410: the receiver wants no more notifications. */
  'gone',
  /** The webhook was switched off while the notification waited. */
  'disabled',
  /** The webhook was deleted while the notification waited. */
  'deleted',
  'breaker',
  'address',
  'expired',
  /** A Kafka record that cannot be decoded. */
  'unreadable',
  /** A Kafka record whose handling throws: an internal fault. It is set aside so that it blocks no other record. */
  'fault',
  /** A notification larger than Kafka accepts. */
  'oversize',
] as const
export type DeadLetterReason = (typeof deadLetterReasons)[number]

/** A record of webhook-dead-letters. */
export type DeadLetter = {
  reason: DeadLetterReason
  detail: string | null
  deadLetteredAt: number
  delivery: Delivery | null
  attempts: AttemptSummary[]
  source: { topic: string; partition: number; offset: number; key: Buffer | null; value: Buffer | null }
  givenUpAt?: GivenUpAt
}

/** A waiting notification: a record of webhook-retries-*, webhook-parked, webhook-replays or webhook-tests. */
export type PendingDelivery = {
  delivery: Delivery
  attempts: AttemptSummary[]
  /** Earliest time of sending. */
  dueAt: number
  why: 'retry' | 'overflow' | 'breaker' | 'paused' | 'fault' | 'replay' | 'joined' | 'test'
  replayId: string | null
  /**
   * Only in webhook-parked: offset in the home topic (toHomeTopic) from which the queue's notifications were parked.
   */
  parkedSince: number | null
  /**
   * Only in webhook-tests: JSON of the definition to send by instead of the stored one, sealed as in webhook-config.
   */
  definition?: string | null
  /** Only in a replay: its maximum rate in notifications per second; absent in records of earlier versions. */
  ratePerSecond?: number | null | undefined
  givenUpAt?: GivenUpAt
  /** Only of joined messages: the ids that they would have had. Empty or absent in all other records. */
  joined?: readonly string[]
}
