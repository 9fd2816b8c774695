import type { WebhookDefinition } from '../definition/definition.ts'
import type { Totals } from '../stats/stats.ts'

/** Webhooks as the admin API shows them: admin makes these answers, the console and the CLI read them. Times are ISO 8601. */

/** What a client writes of a definition; all the rest is made by the server. */
export type Draft = Pick<
  WebhookDefinition,
  | 'name'
  | 'url'
  | 'enabled'
  | 'channels'
  | 'events'
  | 'headers'
  | 'timeoutMs'
  | 'slowThresholdMs'
  | 'retryProfile'
  | 'whenBlocked'
  | 'maxInFlight'
  | 'rateLimitPerSecond'
>

/** A channel that another webhook of the business has (contract.md, 1.1). */
export type Conflict = { channel: string; webhookId: string; name: string }

/** How a webhook stands, the first that applies. */
export const states = [
  'off',
  'not-activated',
  'conflict',
  'invalid',
  'blocked',
  'probing',
  'paused',
  'failing',
  'healthy',
  'idle',
] as const
export type State = (typeof states)[number]

export type Status = {
  state: State
  blockedUntil: string | null
  /** Failures within the breaker's ten minutes; none are counted while it is open. */
  failures: number
  /** First failure since the last success. */
  failingSince: string | null
  pausedUntil: string | null
  parked: number | null
  /** Null where nobody counted: in lists, and where there are too many. */
  waiting: number | null
  oldestWaitingAt: string | null
  deadLetters: number
  disabledReason: string | null
  conflicts: Conflict[]
  problems: string[]
}

/** The definition in force. Header values are shown as "***", secrets not at all. */
export type Webhook = Omit<WebhookDefinition, 'secret' | 'previousSecret' | 'olderSecrets'> & {
  conflicts: Conflict[]
  /** Why a newer record of it is not in force. */
  fault?: { problems: string[] }
  status: Status
}

/** Counts of the minute that is running and the 59 before it. */
export type LastHour = Totals & {
  /** Attempts by five minutes, oldest first. */
  sparkline: number[]
}

export type ListedWebhook = Webhook & { lastHour: LastHour }

/** The answer to creation and rotation, the only ones that hold a secret. */
export type WebhookWithSecret = Webhook & { secret: string }
