/** Time within which failures count towards opening a breaker (contract.md, 1.9). */
export const breakerWindowMs = 600_000

/** The part of a webhook-health record that people are shown (schemas/webhook-health.avsc); times are milliseconds since the epoch. */
export type WebhookHealth = {
  /** Null in the record of a partition's own offsets. */
  webhookId: string | null
  /** When the dispatcher wrote it: it does so when something has changed. */
  asOf: number
  breaker: {
    /** closed, open, halfOpen. */
    state: string
    openUntil: number | null
    /** First failure since the last success. */
    failingSince: number | null
    /** Times of the latest failures within ten minutes; empty while sending is blocked. */
    failures: number[]
  } | null
  /** Offsets in webhook-parked: of the oldest and the newest of its records there. */
  parked: { from: number; last: number } | null
  /** The receiver asked by Retry-After to be left alone until then. */
  pausedUntil: number | null
}
