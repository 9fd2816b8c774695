import type { WebhookDefinition } from '../domain/definition.ts'

/** What admin answers, as far as this command looks into it; all else is shown as it comes. */

export type Outcomes = { success: number; slow: number; error: number; rejected: number }

export type Status = {
  state: string
  blockedUntil: string | null
  failures: number
  failingSince: string | null
  pausedUntil: string | null
  parked: number | null
  waiting: number | null
  oldestWaitingAt: string | null
  deadLetters: number
  disabledReason: string | null
  problems: string[]
}

type Sealed = 'secret' | 'previousSecret'

/** Header values are shown as `***`. */
export type Webhook = Omit<WebhookDefinition, Sealed> & {
  conflicts: { channel: string; webhookId: string; name: string }[]
  fault?: { problems: string[] }
  status?: Status
  lastHour?: Outcomes & { sparkline: number[] }
  /** Only in the answers to creation and rotation. */
  secret?: string
}

export type Count = Outcomes & { start: string; errors: Record<string, number> }

export type Stats = {
  webhookId: string
  updatedAt: string | null
  minutes: Count[]
  hours: Count[]
  last30Minutes: Record<'fastestMs' | 'averageMs' | 'slowestMs' | 'p50Ms' | 'p95Ms' | 'p99Ms', number | null> & {
    answered: number
  }
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
  kind: string
  contactId: string
}

export type AttemptEntry = {
  id: string
  at: string
  deliveryId: string
  contactId: string
  kind: string
  attempt: number
  outcome: string
  cause: string | null
  status: number | null
  latencyMs: number | null
  next: string
}

export type DeadLetterEntry = {
  at: string
  reason: string
  detail: string | null
  deliveryId: string | null
  contactId: string | null
  kind: string | null
  attempts: number
}

export type TestResult = {
  outcome: string
  cause: string | null
  request: { method: string; url: string; headers: Record<string, string>; body: string }
  response: { status: number; latencyMs: number; excerpt: string | null } | null
  detail: string | null
}

export type ReplayProgress = {
  replayId: string
  startedAt: string
  count: number
  waiting: number
  retrying: number
  outcomes: Outcomes
}

export type Account = { webhooksEnabled: boolean; updatedAt?: string; updatedBy?: string }
