import type { Conflict, Status, WebhookState } from '../../domain/api/webhook.ts'
import type { WebhookDefinition } from '../../domain/definition/definition.ts'
import { isPaused } from '../../domain/definition/pause.ts'
import { breakerFailures, breakerWindowMs, type WebhookSnapshot } from '../../domain/delivery/webhook-snapshot.ts'
import type { TroubleState } from '../../domain/stats/alert.ts'
import { type MinuteCounts, minuteMs, startOfMinute } from '../../domain/stats/stats.ts'
import type { BacklogSize } from './backlog.ts'
import { lastHour } from './last-hour.ts'

export type StatusFacts = {
  definition: Pick<WebhookDefinition, 'enabled' | 'disabledReason' | 'paused' | 'pausedAt' | 'updatedAt'>
  /** Whether webhooks are activated for the business. */
  activated: boolean
  conflicts: Conflict[]
  /** Problems of a newer record of its definition that is not in force. */
  problems: string[]
  minutes: readonly MinuteCounts[]
  /** Trouble that its owner has been alerted of and that is not over. */
  trouble: TroubleState | null
  health: WebhookSnapshot | undefined
  deadLetters: number
  undelivered: number
  backlog: BacklogSize | null
  /** How long webhook-parked keeps a notification. */
  keptMs: number
}

const failingMinutes = 30
/** Share of requests whose failure counts as degraded. */
const degradedShare = 0.05
/** Consecutive failures that count as failing: more than half of the last 20 attempts. */
const failuresInARow = 11

export function decideStatus(facts: StatusFacts, nowMs: number): Status {
  const { definition, conflicts, problems, health, deadLetters, backlog } = facts
  const { breaker, parked, pausedUntil } = health ?? { breaker: null, parked: null, pausedUntil: null }
  const recent = breaker?.failures.filter((atMs) => nowMs - atMs <= breakerWindowMs) ?? []
  const pausedAtMs = isPaused(definition) ? Date.parse(definition.pausedAt ?? definition.updatedAt) : null
  return {
    state: decideState(facts, recent, nowMs),
    pausedAt: toIsoTime(pausedAtMs),
    keptUntil: toIsoTime(pausedAtMs === null ? null : pausedAtMs + facts.keptMs),
    blockedUntil: breaker?.state === 'open' ? toIsoTime(breaker.openUntil) : null,
    // A breaker that has opened keeps no failures.
    failures: breaker && breaker.state !== 'closed' ? breakerFailures + 1 : recent.length,
    failingSince: toIsoTime(breaker?.failingSince ?? null),
    pausedUntil: pausedUntil !== null && pausedUntil > nowMs ? toIsoTime(pausedUntil) : null,
    parked: parked ? parked.last - parked.from + 1 : 0,
    waiting: backlog?.waiting ?? null,
    oldestWaitingAt: toIsoTime(backlog?.oldestWaitingAtMs ?? null),
    deadLetters,
    undelivered: facts.undelivered,
    disabledReason: definition.disabledReason ?? null,
    conflicts,
    problems,
  }
}

function decideState(facts: StatusFacts, recentFailures: number[], nowMs: number): WebhookState {
  const { definition, activated, conflicts, problems, health, minutes, trouble } = facts
  if (!definition.enabled) return 'off'
  if (!activated) return 'not-activated'
  if (conflicts.length > 0) return 'conflict'
  if (problems.length > 0) return 'invalid'
  if (isPaused(definition)) return 'paused'
  const breaker = health?.breaker
  // Once openUntil has passed, the next notification is the probe.
  if (breaker?.state === 'open' && (breaker.openUntil ?? 0) > nowMs) return 'blocked'
  if (breaker && breaker.state !== 'closed') return 'probing'
  if ((health?.pausedUntil ?? 0) > nowMs) return 'throttled'
  const failingSinceMs = breaker?.failingSince ?? Number.POSITIVE_INFINITY
  const inARow = recentFailures.filter((atMs) => atMs >= failingSinceMs).length
  const { errors, sent, rejected: unsent } = countRecent(minutes, nowMs)
  if (inARow >= failuresInARow || errors * 2 > sent) return 'failing'
  const { success, slow, error, rejected } = lastHour(minutes, nowMs)
  if (success + slow + error + rejected === 0) return 'idle'
  const isDegraded = (errors > 0 && errors >= sent * degradedShare) || unsent > 0 || (trouble?.open.length ?? 0) > 0
  return isDegraded ? 'degraded' : 'healthy'
}

/** Requests within the last 30 minutes, those that failed, and notifications that were not sent. */
function countRecent(minutes: readonly MinuteCounts[], nowMs: number) {
  const oldest = startOfMinute(nowMs) - (failingMinutes - 1) * minuteMs
  const recent = { errors: 0, sent: 0, rejected: 0 }
  for (const { minute, success, slow, error, rejected } of minutes) {
    if (minute < oldest) continue
    recent.errors += error
    recent.sent += success + slow + error
    recent.rejected += rejected
  }
  return recent
}

function toIsoTime(timeMs: number | null): string | null {
  return timeMs === null ? null : new Date(timeMs).toISOString()
}
