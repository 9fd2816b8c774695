import type { Attempt } from '../../domain/delivery/delivery.ts'
import { isReplaced } from '../../domain/delivery/outcome.ts'
import type { Alert, TroubleState } from '../../domain/stats/alert.ts'
import type { AttemptError, GivenUpHour, WebhookStats } from '../../domain/stats/stats.ts'
import { responseTimes } from '../../stats/response-times.ts'
import type { FoldRules, FoldState } from '../fold/fold-rules.ts'
import { type AlertLimits, foldAlerts, noTrouble } from './alerts.ts'
import { countedTime } from './counted-time.ts'
import { countGivenUp } from './given-up.ts'
import { keepError } from './latest-errors.ts'
import { countHour } from './periods/hours.ts'
import { countMinute } from './periods/minutes.ts'
import { noteAttempt } from './recent-attempts.ts'
import { checkedId, cutToBytes, maxIdBytes } from './short-texts.ts'

/** Fields of an attempt that the statistics need. */
export type CountedAttempt = Pick<
  Attempt,
  | 'webhookId'
  | 'businessId'
  | 'deliveryId'
  | 'replayId'
  | 'kind'
  | 'contactId'
  | 'attempt'
  | 'startedAt'
  | 'latencyMs'
  | 'outcome'
  | 'cause'
  | 'status'
  | 'responseExcerpt'
  | 'test'
  | 'next'
  | 'deliveryCreatedAt'
  | 'transition'
  | 'givenUpAt'
>

/** The folded part of a WebhookStats; the rest follows from it and the time. */
export type StatsState = FoldState &
  Pick<WebhookStats, 'businessId' | 'minutes' | 'hours'> & {
    givenUp: GivenUpHour[]
    latestErrors: AttemptError[]
    recentAttempts: number[]
    trouble: TroubleState
    /** The latest, oldest first. */
    alerts: Alert[]
    /** Alerts that are not in webhook-alerts yet. They must be before the state is stored. */
    unsentAlerts: Alert[]
  }

/** Maximum alerts that a webhook's statistics keep. */
const keptAlerts = 20

export type AttemptRules = FoldRules<CountedAttempt, StatsState>

/** @param slowThresholdMs decides again between slow and success; null keeps each attempt's own outcome. */
export function attemptRules(slowThresholdMs: number | null, alertLimits: AlertLimits): AttemptRules {
  const judged = slowThresholdMs === null ? asRecorded : (attempt: CountedAttempt) => rejudge(attempt, slowThresholdMs)
  return {
    findWebhook: (attempt) => (attempt.test || isReplaced(attempt) ? null : checkedId(attempt.webhookId)),
    begin: (webhookId, { businessId }, source) => ({
      webhookId,
      businessId: cutToBytes(businessId, maxIdBytes),
      minutes: [],
      hours: [],
      givenUp: [],
      latestErrors: [],
      recentAttempts: [],
      trouble: noTrouble(),
      alerts: [],
      unsentAlerts: [],
      source,
    }),
    add(state, recorded, recordedMs, source) {
      const startedAt = countedTime(recorded.startedAt, recordedMs)
      if (!noteAttempt(state.recentAttempts, recorded)) return false
      const attempt = judged(startedAt === recorded.startedAt ? recorded : { ...recorded, startedAt })
      const businessId = cutToBytes(attempt.businessId, maxIdBytes)
      if (state.businessId !== businessId) beginAnew(state, businessId)
      countMinute(state.minutes, attempt)
      countHour(state.hours, attempt)
      countGivenUp(state.givenUp, attempt)
      keepError(state.latestErrors, attempt)
      const alerts = foldAlerts(state.trouble, attempt, source, alertLimits)
      if (alerts.length > 0) {
        state.unsentAlerts.push(...alerts)
        state.alerts = [...state.alerts, ...alerts].slice(-keptAlerts)
      }
      return true
    },
  }
}

export function toRecord({ source, unsentAlerts: _, ...state }: StatsState, nowMs: number): WebhookStats {
  return { ...state, updatedAt: nowMs, last30Minutes: responseTimes(state.minutes, nowMs), source }
}

export function toState(record: WebhookStats): StatsState {
  const { webhookId, businessId, minutes, hours, latestErrors, source } = record
  const { givenUp = [], recentAttempts = [], trouble, alerts = [] } = record
  const counts = { webhookId, businessId, minutes, hours, givenUp, latestErrors, recentAttempts }
  return { ...counts, trouble: trouble ?? noTrouble(), alerts, unsentAlerts: [], source }
}

/** The part of a record that is written if Kafka refuses the whole: the counts. */
export function withoutErrors(record: WebhookStats): WebhookStats {
  return { ...record, latestErrors: [] }
}

/** Resets the state when a webhook's id moves to another business, which must not see the former one's counts and errors. */
function beginAnew(state: StatsState, businessId: string): void {
  state.businessId = businessId
  state.trouble = noTrouble()
  const { minutes, hours, givenUp, latestErrors, alerts } = state
  for (const list of [minutes, hours, givenUp, latestErrors, alerts]) list.length = 0
}

function asRecorded(attempt: CountedAttempt): CountedAttempt {
  return attempt
}

function rejudge(attempt: CountedAttempt, slowThresholdMs: number): CountedAttempt {
  const { outcome, latencyMs } = attempt
  if (outcome !== 'success' && outcome !== 'slow') return attempt
  return { ...attempt, outcome: (latencyMs ?? 0) < slowThresholdMs ? 'success' : 'slow' }
}
