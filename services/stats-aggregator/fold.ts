import type { Attempt } from '../domain/delivery.ts'
import { last30Minutes, type MinuteCounts, type WebhookStats } from '../domain/stats.ts'
import { countAttempt } from './window.ts'

/** What the statistics are made of. */
export type CountedAttempt = Pick<
  Attempt,
  'webhookId' | 'businessId' | 'startedAt' | 'latencyMs' | 'outcome' | 'status' | 'test'
>

/** Where an attempt stands in webhook-attempts. */
export type Source = { partition: number; offset: number }

/** What is folded; the rest of a WebhookStats follows from it and the time. */
export type StatsState = {
  readonly webhookId: string
  readonly businessId: string
  readonly minutes: readonly MinuteCounts[]
  readonly source: Source
}

/**
 * Takes one attempt into its webhook's statistics. An attempt that the state reflects already (after a restart, records
 * come again) and a test notification change nothing: the very same state is returned.
 */
export function fold(state: StatsState | undefined, attempt: CountedAttempt, source: Source): StatsState | undefined {
  if (attempt.test) return state
  if (state && source.offset <= state.source.offset) return state
  return {
    webhookId: attempt.webhookId,
    businessId: attempt.businessId,
    minutes: countAttempt(state?.minutes ?? [], attempt),
    source,
  }
}

export function toRecord(state: StatsState, nowMs: number): WebhookStats {
  return {
    webhookId: state.webhookId,
    businessId: state.businessId,
    updatedAt: nowMs,
    minutes: [...state.minutes],
    last30Minutes: last30Minutes(state.minutes, nowMs),
    source: state.source,
  }
}

export function toState({ webhookId, businessId, minutes, source }: WebhookStats): StatsState {
  return { webhookId, businessId, minutes, source }
}
