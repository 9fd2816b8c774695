import { type Fate, type FateReason, type ParkedReason, parkedReasons } from '../../../domain/api/notifications.ts'
import type { Attempt, DeadLetter, PendingDelivery } from '../../../domain/delivery/delivery.ts'
import { isJoined, isReplaced } from '../../../domain/delivery/outcome.ts'
import type { SkippedBy } from './configuration-history.ts'

/** Records about one notification. Lists are in the order of time; times are milliseconds since the epoch. */
export type FateFacts = {
  /** Whether the formatter has passed the event. */
  isFormatted: boolean
  /** Reason why no notification was to be made; null if one was. */
  skipped: SkippedBy | null
  /** Time when the notification was made; null if none was found. */
  createdAtMs: number | null
  attempts: Pick<Attempt, 'startedAt' | 'outcome' | 'cause' | 'next' | 'nextAttemptAt' | 'replayId'>[]
  letters: Pick<DeadLetter, 'reason' | 'deadLetteredAt'>[]
  replays: { replayId: string; atMs: number }[]
  /** Reason why it is in webhook-parked now; null if it is not. */
  parkedFor: PendingDelivery['why'] | null
  /** Whether the dispatcher has taken it out of webhook-deliveries for good. */
  isTaken: boolean
}

export type DecidedFate = { fate: Fate; reason: FateReason | null; atMs: number | null; nextAttemptAtMs: number | null }

/** Fate of a notification. A delivered one stays delivered, whatever a later replay does. */
export function decideFate(facts: FateFacts): DecidedFate {
  const { attempts, letters, replays, parkedFor, createdAtMs, isTaken } = facts
  const letter = letters.at(-1)
  if (createdAtMs === null) return letter ? givenUp(letter) : decideWithoutNotification(facts)
  const arrived = attempts.find(({ outcome }) => outcome === 'success' || outcome === 'slow')
  if (arrived) return decided('delivered', null, arrived.startedAt)
  const latest = attempts.at(-1)
  // Except if it is in webhook-parked for a replay, which sends it nevertheless.
  if (latest && isReplaced(latest) && replays.every(({ atMs }) => atMs < latest.startedAt))
    return isJoined(latest) ? decided('unknown') : decided('notSent', 'superseded', latest.startedAt)
  if (parkedFor !== null) return decided('parked', toParkedReason(parkedFor))
  const replay = replays.at(-1)
  const isReplayAhead = replay !== undefined && !attempts.some(({ replayId }) => replayId === replay.replayId)
  if (isReplayAhead && replay.atMs >= (letter?.deadLetteredAt ?? 0)) return decided('waiting', null, replay.atMs)
  if (latest?.next === 'retry' && latest.startedAt > (letter?.deadLetteredAt ?? 0))
    return { ...decided('retrying', null, latest.startedAt), nextAttemptAtMs: latest.nextAttemptAt }
  if (letter) return givenUp(letter)
  if (latest?.next === 'deadLetter') return decided('givenUp', null, latest.startedAt)
  return latest || isTaken ? decided('unknown') : decided('waiting', null, createdAtMs)
}

function decideWithoutNotification({ isFormatted, skipped }: FateFacts): DecidedFate {
  if (!isFormatted) return decided('formatting')
  return skipped ? decided('notSent', skipped.reason) : decided('unknown')
}

function givenUp({ reason, deadLetteredAt }: Pick<DeadLetter, 'reason' | 'deadLetteredAt'>): DecidedFate {
  return decided('givenUp', reason, deadLetteredAt)
}

function decided(fate: Fate, reason: FateReason | null = null, atMs: number | null = null): DecidedFate {
  return { fate, reason, atMs, nextAttemptAtMs: null }
}

function toParkedReason(why: PendingDelivery['why']): ParkedReason {
  return parkedReasons.find((reason) => reason === why) ?? 'overflow'
}
