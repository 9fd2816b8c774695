/** Answers of the admin API as the console reads them (the OpenAPI document has the whole). Times are ISO 8601. */
import type { RetryProfile, WantedEvents } from '../../../domain/definition.ts'
import type { AttemptOutcome, DeadLetterReason, NextStep, NotificationKind } from '../../../domain/delivery.ts'

export type { AttemptOutcome, NotificationKind, RetryProfile, WantedEvents }

export type Session = {
  subject: string
  role: string
  permissions: string[]
  /** "*" is every business. */
  businessId: string
  csrfToken: string
  expiresAt: string
}

export type BusinessEntry = { businessId: string; webhooksEnabled: boolean; webhooks: number }

/** What a client writes of a definition. */
export type Draft = {
  name: string
  url: string
  enabled: boolean
  channels: string[]
  events: WantedEvents
  headers: Record<string, string>
  timeoutMs: number
  slowThresholdMs: number
  retryProfile: RetryProfile
  whenBlocked: 'reject' | 'park'
  maxInFlight: number
  rateLimitPerSecond?: number
}

export type Conflict = { channel: string; webhookId: string; name: string }

export const states = [
  'invalid',
  'conflict',
  'blocked',
  'probing',
  'failing',
  'paused',
  'not-activated',
  'healthy',
  'idle',
  'off',
] as const
export type State = (typeof states)[number]

export type Status = {
  state: State
  blockedUntil: string | null
  failures: number
  failingSince: string | null
  pausedUntil: string | null
  parked: number | null
  waiting: number | null
  oldestWaitingAt: string | null
  deadLetters: number
  disabledReason: string | null
  conflicts: Conflict[]
  problems: string[]
}

export type Webhook = Draft & {
  id: string
  businessId: string
  version: number
  createdAt: string
  updatedAt: string
  previousSecretUntil?: string
  disabledReason?: string
  conflicts: Conflict[]
  status: Status
}

export type Totals = Record<AttemptOutcome, number>

export type ListedWebhook = Webhook & { lastHour: Totals & { sparkline: number[] } }

export type WebhookWithSecret = Webhook & { secret: string }

export type Counts = Totals & { start: string; errors: Record<string, number> }

export type ResponseTimes = {
  answered: number
  fastestMs: number | null
  averageMs: number | null
  slowestMs: number | null
  p50Ms: number | null
  p95Ms: number | null
  p99Ms: number | null
}

export type Stats = {
  webhookId: string
  updatedAt: string | null
  minutes: Counts[]
  hours: Counts[]
  last30Minutes: ResponseTimes
  status: Status
}

export type ErrorEntry = {
  at: string
  deliveryId: string
  attempt: number
  cause: string
  status: number | null
  latencyMs: number | null
  excerpt: string | null
  kind: NotificationKind
  contactId: string
}

export type Attempt = {
  id: string
  at: string
  deliveryId: string
  eventId: string
  kind: NotificationKind
  contactId: string
  chatChannelId: string
  attempt: number
  outcome: AttemptOutcome
  cause: string | null
  status: number | null
  latencyMs: number | null
  next: NextStep
  nextAttemptAt: string | null
  replayId: string | null
  test: boolean
}

/** What the API is asked for; absent is all. */
export type AttemptFilter = { outcome?: string; contactId?: string; deliveryId?: string; since?: string }

export type SentRequest = { method: string; url: string | null; headers: Record<string, string>; body: string | null }

export type AttemptDetail = Attempt & { excerpt: string | null; definitionVersion: number; request: SentRequest }

export type DeadLetterEntry = {
  at: string
  reason: DeadLetterReason
  detail: string | null
  deliveryId: string | null
  contactId: string | null
  kind: NotificationKind | null
  attempts: number
}

export type TestResult = {
  outcome: AttemptOutcome
  cause: string | null
  request: SentRequest
  response: { status: number; latencyMs: number; excerpt: string | null } | null
  detail: string | null
}

export type ReplayRequest =
  | { deliveryId: string; ratePerSecond?: number }
  | { since: string; outcomes?: AttemptOutcome[]; ratePerSecond?: number }
  | { deadLetters: true; ratePerSecond?: number }

export type ReplayStarted = { replayId: string; count: number }

export type ReplayProgress = {
  replayId: string
  startedAt: string
  count: number
  waiting: number
  retrying: number
  outcomes: Totals
}

export type Account = { webhooksEnabled: boolean; updatedAt?: string; updatedBy?: string }

export type AuditEntry = {
  at: string
  subject: string
  action: string
  webhookId: string | null
  webhookName: string | null
  version: number | null
  changes: { field: string; from: unknown; to: unknown }[]
}
