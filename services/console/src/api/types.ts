/** The admin API as the console sees it: its answers, which are defined for all who make or read them, and what is asked for. */
import type { AttemptOutcome } from '../../../domain/delivery/delivery.ts'

export type { AuditView, BusinessEntry, SessionView } from '../../../domain/api/account.ts'
export type {
  AttemptDetail,
  AttemptEntry,
  DeadLetterEntry,
  ErrorEntry,
  PeriodCounts,
  ReplayProgress,
  ReplayStarted,
  SentRequest,
  Stats,
  TestResult,
} from '../../../domain/api/traffic.ts'
export type {
  Conflict,
  Draft,
  ListedWebhook,
  Status,
  Webhook,
  WebhookState,
  WebhookWithSecret,
} from '../../../domain/api/webhook.ts'
export type { Account, WantedEvents } from '../../../domain/definition/definition.ts'
export type { NotificationKind } from '../../../domain/delivery/delivery.ts'
export type { Totals } from '../../../domain/stats/stats.ts'
export type { AttemptOutcome }

/** Absent is all. */
export type AttemptFilter = { outcome?: string; contactId?: string; deliveryId?: string; since?: string }

export type ReplayBody =
  | { deliveryId: string; ratePerSecond?: number }
  | { since: string; outcomes?: AttemptOutcome[]; ratePerSecond?: number }
  | { deadLetters: true; ratePerSecond?: number }
