/** Time within which failures count towards opening a breaker (contract.md, 1.9). */
export const breakerWindowMs = 600_000
/** More failures than these within that time open a breaker (contract.md, 1.9). */
export const breakerFailures = 100
/** Time for which an opened breaker blocks (contract.md, 1.9). */
export const blockMs = 600_000

/** A record of webhook-health (schemas/webhook-health.avsc); times are milliseconds since the epoch. */
export type WebhookSnapshot = {
  /** Null in the record of a partition's own offsets. */
  webhookId: string | null
  /** Business of the webhook; null in the record of a partition's own offsets, and absent in records of earlier versions. */
  businessId?: string | null
  partition: number
  /** When the dispatcher wrote it, which it does when something has changed. */
  asOf: number
  /** Records of webhook-attempts and webhook-parked before these offsets are reflected here. */
  attemptsOffset: number
  parkedOffset: number
  breaker: {
    /** closed, open, halfOpen. */
    state: string
    openUntil: number | null
    /** First failure since the last success. */
    failingSince: number | null
    /** Times of the latest failures within ten minutes; empty while sending is blocked. */
    failures: number[]
  } | null
  /** The webhook's records in webhook-parked; null when it has none. */
  parked: ParkedRange | null
  /** End of the pause that the receiver asked for by Retry-After. */
  pausedUntil: number | null
} & Partial<SnapshotLogIds>

/** A queue's records in webhook-parked. */
export type ParkedRange = {
  /** Offset of the first one without an outcome. */
  from: number
  last: number
  /** Offset in the queue's own topic from which on its records go there. */
  since: number
  /** Those after `from` that have an outcome (encodeFinished); null for none, and absent in records of earlier versions. */
  answered?: string | null
}

/** Topic ids of the logs that a snapshot's offsets belong to; null where they are not known. */
export type SnapshotLogIds = { attemptsLogId: string | null; parkedLogId: string | null }
