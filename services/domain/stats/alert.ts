/** Alerts: what the owner of a webhook is told (contract.md, 1.13), as in schemas/webhook-alerts.avsc. */

/** What can be wrong with a webhook, from what hurts most to what hurts least. */
export const troubles = ['switched-off', 'blocked', 'failing', 'giving-up', 'behind'] as const
export type Trouble = (typeof troubles)[number]
export const alertKinds = [...troubles, 'recovered'] as const
export type AlertKind = (typeof alertKinds)[number]

export type Alert = {
  /** The same whenever the same attempt is counted again, so that readers can tell a repeated record. */
  alertId: string
  kind: AlertKind
  /** End of the attempt that showed it. */
  at: number
  /** When the trouble began that a recovery ends; null in other alerts. */
  since: number | null
  /** Cause of the failed attempt, such as 5xx or timeout; null if it did not fail. */
  cause: string | null
  status: number | null
  /** How long the notification of the attempt had waited, in milliseconds; null unless it tells that the webhook is behind. */
  waitedMs: number | null
}

/** A record of webhook-alerts. */
export type WebhookAlert = Alert & { webhookId: string; businessId: string }

/** What a webhook's alerts follow from, besides the next attempt. */
export type TroubleState = {
  /** Latest end of an attempt. Times before it count as this one, so that no clock takes the state back. */
  at: number
  /** The last 20 results as bits, the newest lowest: 1 is a failure. */
  results: number
  /** Troubles that have been told of and are not over, and when each was last seen. */
  open: { kind: string; lastSeenAt: number }[]
  /** When the first of them was told of; null while there is none. */
  since: number | null
}
