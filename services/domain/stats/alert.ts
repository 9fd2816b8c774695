/** Alerts for the owner of a webhook (contract.md, 1.13), as in schemas/webhook-alerts.avsc. */

/** Problems of a webhook, the most serious first. */
export const troubles = ['switched-off', 'blocked', 'failing', 'giving-up', 'behind'] as const
export type Trouble = (typeof troubles)[number]
export const alertKinds = [...troubles, 'recovered'] as const
export type AlertKind = (typeof alertKinds)[number]

export type Alert = {
  /** Id that is the same whenever the same attempt is counted again, so that readers recognise a repeated record. */
  alertId: string
  kind: AlertKind
  /** End of the attempt that caused the alert. */
  at: number
  /** Start of the problem that a recovery ends; null in other alerts. */
  since: number | null
  /** Cause of the failed attempt, such as 5xx or timeout; null if it did not fail. */
  cause: string | null
  status: number | null
  /** Time that the notification of the attempt had waited, in milliseconds; null unless the kind is behind. */
  waitedMs: number | null
}

/** A record of webhook-alerts. */
export type WebhookAlert = Alert & { webhookId: string; businessId: string }

/** State from which, together with the next attempt, a webhook's alerts are derived. */
export type TroubleState = {
  /** Latest end of an attempt. Earlier times count as this one, so that no clock that lags sets the state back. */
  at: number
  /** The last 20 results as bits, with the newest in the lowest bit: 1 is a failure. */
  results: number
  /** Problems that alerts have been made of and that are not over, and when each was last seen. */
  open: { kind: string; lastSeenAt: number }[]
  /** Time of the first alert about them; null while there is none. */
  since: number | null
}
