import { hash } from 'node:crypto'
import type { Alert, AlertKind, Trouble, TroubleState } from '../../domain/stats/alert.ts'
import type { SourcePosition } from '../../domain/stats/stats.ts'
import type { CountedAttempt } from './attempts.ts'
import { computeEndMs } from './end-of-attempt.ts'
import { cutToBytes, maxIdBytes } from './short-texts.ts'

export type AlertLimits = {
  /** Time without problems after which a webhook has recovered; no kind of alert is repeated within it. */
  settleMs: number
  /** Wait of a notification for its first attempt after which the webhook is behind. */
  behindMs: number
}

/**
 * Failures among the last 20 results with which a webhook begins to fail: more than half, as in its status
 * (admin/status/decide-status.ts).
 */
const failuresToBegin = 11
/** Failures among the last 20 results below which a webhook no longer counts as seen failing. */
const failuresToContinue = 4
const keptResults = 20
/** Maximum of waitedMs: Kafka keeps no notification for longer than a year. */
const longestWaitMs = 366 * 24 * 3_600_000

export const noTrouble = (): TroubleState => ({ at: 0, results: 0, open: [], since: null })

/**
 * Folds an attempt into the state, in place, and returns the alerts that it causes. It reads no clock: a webhook that
 * sends nothing neither gets worse nor recovers.
 *
 * A problem causes an alert when it is first seen; after that, it only counts as seen again. All problems are over, and
 * the webhook has recovered, at the first success after `settleMs` in which none has been seen. Alerts of one kind are
 * therefore at least that long apart. Two kinds are repeated without a recovery between, if they begin anew after a
 * quiet `settleMs`: blocked and switched off.
 */
export function foldAlerts(
  state: TroubleState,
  attempt: CountedAttempt,
  source: SourcePosition,
  limits: AlertLimits,
): Alert[] {
  const isOk = attempt.outcome === 'success' || attempt.outcome === 'slow'
  // The usual case: a success on time, of a webhook without problems.
  if (isOk && state.open.length === 0 && state.results === 0 && waitedMs(attempt) < limits.behindMs) {
    state.at = Math.max(state.at, computeEndMs(attempt))
    return []
  }
  state.at = Math.max(state.at, computeEndMs(attempt))
  if (attempt.outcome !== 'rejected') state.results = pushResult(state.results, !isOk)

  const alerts: Alert[] = []
  const tell = (kind: AlertKind, since: number | null) => alerts.push(makeAlert(kind, since, state.at, attempt, source))
  for (const { kind, isBeginning } of troublesSeen(state, attempt, limits)) {
    const known = state.open.find((each) => each.kind === kind)
    const isTold = known && !(isBeginning && state.at - known.lastSeenAt >= limits.settleMs)
    if (known) known.lastSeenAt = state.at
    else state.open.push({ kind, lastSeenAt: state.at })
    if (isTold) continue
    state.since ??= state.at
    tell(kind, null)
  }
  const isQuiet = state.open.every(({ lastSeenAt }) => state.at - lastSeenAt >= limits.settleMs)
  if (isOk && state.open.length > 0 && isQuiet) {
    tell('recovered', state.since)
    Object.assign(state, { ...noTrouble(), at: state.at })
  }
  return alerts
}

type SeenTrouble = { kind: Trouble; isBeginning: boolean }

/** Problems that an attempt shows. `state` includes its result already. */
function troublesSeen(state: TroubleState, attempt: CountedAttempt, { behindMs }: AlertLimits): SeenTrouble[] {
  const isOpen = (kind: Trouble) => state.open.some((each) => each.kind === kind)
  const seen: SeenTrouble[] = []
  const see = (kind: Trouble, isBeginning = false) => seen.push({ kind, isBeginning })
  const { transition, outcome, cause, next } = attempt
  if (transition === 'switched-off') see('switched-off', true)
  else if (transition === 'blocked') see('blocked', true)
  else if (transition === 'unblocked') see('blocked')
  // Notifications that are given up because of a block belong to the block's own alert.
  else if (outcome === 'rejected' && cause === 'breaker') see('blocked')
  else if (next === 'deadLetter') see('giving-up')

  const failures = countBits(state.results)
  if (outcome === 'error' && failures >= (isOpen('failing') ? failuresToContinue : failuresToBegin)) see('failing')

  const isLate = waitedMs(attempt) >= (isOpen('behind') ? behindMs / 2 : behindMs)
  // The backlog that a block has left belongs to it, too.
  if (isLate) see(isOpen('blocked') || transition === 'blocked' ? 'blocked' : 'behind')
  return seen
}

/** Time that a notification waited for its first attempt, in milliseconds; 0 for other attempts. */
function waitedMs({ attempt, replayId, outcome, startedAt, deliveryCreatedAt }: CountedAttempt): number {
  if (attempt !== 1 || replayId !== null || outcome === 'rejected') return 0
  return Math.min(Math.max(0, startedAt - deliveryCreatedAt), longestWaitMs)
}

function makeAlert(
  kind: AlertKind,
  since: number | null,
  at: number,
  attempt: CountedAttempt,
  source: SourcePosition,
): Alert {
  const { webhookId, cause, status, outcome } = attempt
  const failed = outcome === 'error' || outcome === 'rejected'
  // The time distinguishes positions in a recreated log from those in the log before.
  const parts = [webhookId, kind, source.partition, source.offset, at]
  return {
    alertId: `alert_${hash('sha256', JSON.stringify(parts), 'base64url')}`,
    kind,
    at,
    since,
    cause: failed && cause !== null ? cutToBytes(cause, maxIdBytes) : null,
    status: failed ? status : null,
    waitedMs: kind === 'behind' ? waitedMs(attempt) : null,
  }
}

function pushResult(results: number, isFailure: boolean): number {
  return ((results << 1) | (isFailure ? 1 : 0)) & ((1 << keptResults) - 1)
}

function countBits(bits: number): number {
  let count = 0
  for (let left = bits; left !== 0; left &= left - 1) count++
  return count
}
