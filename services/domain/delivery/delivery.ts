/** Notifications and what became of them, as in schemas/webhook-*.avsc; times are milliseconds since the epoch. */

export type NotificationKind = 'message' | 'status'

/** One notification of one webhook, ready to be sent: a record of webhook-deliveries. */
export type Delivery = {
  /** The webhook-id header. */
  deliveryId: string
  webhookId: string
  businessId: string
  eventId: string
  kind: NotificationKind
  chatChannelId: string
  contactId: string
  /** JSON, UTF-8: what every attempt sends. */
  body: Buffer
  traceparent: string | null
  createdAt: number
  definitionVersion: number
  /** Offset in webhook-config of the definition that formatted it. */
  definitionOffset: number
}

export const attemptOutcomes = ['success', 'slow', 'error', 'rejected'] as const
export type AttemptOutcome = (typeof attemptOutcomes)[number]
export type NextStep = 'none' | 'retry' | 'deadLetter'

/** One try at sending a delivery: a record of webhook-attempts. */
export type Attempt = {
  deliveryId: string
  webhookId: string
  businessId: string
  eventId: string
  kind: NotificationKind
  chatChannelId: string
  contactId: string
  /** From 1. */
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
  /** Delay topic, without its prefix, that the notification waits in. */
  nextTopic: string | null
  definitionVersion: number
  /** Offset in webhook-config of the definition that it was sent by; null of a draft's test, and of attempts of before. */
  definitionOffset: number | null
  deliveryCreatedAt: number
  sourceTopic: string
  sourceOffset: number
  test: boolean
  /** Of the replay that it was made for; its attempts are counted from 1 again. */
  replayId: string | null
}

export type AttemptSummary = Pick<
  Attempt,
  'attempt' | 'startedAt' | 'latencyMs' | 'outcome' | 'cause' | 'status' | 'responseExcerpt'
>

export type DeadLetterReason =
  /** Every attempt of the retry profile failed. */
  | 'exhausted'
  /** A final answer: 3xx, or 4xx that is not retried. */
  | 'refused'
  /** 410: the receiver wants no more. */
  | 'gone'
  /** The webhook was switched off while the notification waited. */
  | 'disabled'
  /** The webhook was deleted while the notification waited. */
  | 'deleted'
  | 'breaker'
  | 'address'
  | 'expired'
  /** A Kafka record that cannot be decoded. */
  | 'unreadable'
  /** A Kafka record whose handling throws: a fault of ours, set aside so that it stops nobody else. */
  | 'fault'
  /** A notification larger than Kafka takes. */
  | 'oversize'

/** A record of webhook-dead-letters. */
export type DeadLetter = {
  reason: DeadLetterReason
  detail: string | null
  deadLetteredAt: number
  delivery: Delivery | null
  attempts: AttemptSummary[]
  source: { topic: string; partition: number; offset: number; key: Buffer | null; value: Buffer | null }
}

/** A notification that waits for something: a record of webhook-retries-*, webhook-parked, webhook-replays or webhook-tests. */
export type PendingDelivery = {
  delivery: Delivery
  attempts: AttemptSummary[]
  /** Not sent before. */
  dueAt: number
  why: 'retry' | 'overflow' | 'breaker' | 'fault' | 'replay' | 'test'
  replayId: string | null
  /** In webhook-parked: from this offset of their home topic on (homeOf), the queue's notifications went there. */
  parkedSince: number | null
  /** In webhook-tests: JSON of the definition to send by instead of the stored one, sealed as in webhook-config. */
  definition?: string | null
  /** Of a replay: so many of its notifications a second, at most; unknown where an earlier version wrote it. */
  ratePerSecond?: number | null | undefined
}
