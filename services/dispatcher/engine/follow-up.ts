import type { Entry } from '../../domain/definition/definition-table.ts'
import { toDeadLetter } from '../../domain/delivery/dead-letter.ts'
import type { AttemptSummary, DeadLetterReason, WebhookTransition } from '../../domain/delivery/delivery.ts'
import type { Outcome, Replaced } from '../../domain/delivery/outcome.ts'
import { attemptRecord, toSummary } from './attempt-record.ts'
import { decideNext, type Next } from './gate/retry.ts'
import type { GateChange } from './gate/send-gate.ts'
import { type Item, toPending } from './item.ts'
import type { OutcomeRecords } from './ports.ts'

type UnsentReason = 'breaker' | 'expired' | 'superseded'

/** Decision about the head of a lane. */
export type Plan =
  | { kind: 'giveUp'; reason: DeadLetterReason }
  | { kind: 'reject'; entry: Entry; reason: UnsentReason }
  /** Its webhook buffers messages: it becomes part of a joined notification. */
  | { kind: 'join'; entry: Entry }
  /** An earlier notification of the contact has ended without a request, and Kafka has no record of it yet. */
  | { kind: 'wait' }
  | { kind: 'send'; entry: Entry; probe: boolean }

/** transition: change of the webhook that the outcome caused. */
export type EndedAttempt = { outcome: Outcome | Replaced; startedAtMs: number; transition: WebhookTransition | null }

const transitions = {
  opened: 'blocked',
  closed: 'unblocked',
  unchanged: null,
  'switched-off': 'switched-off',
} as const satisfies Record<GateChange['gate'] | 'switched-off', WebhookTransition | null>

/** An attempt that was sent. @param change change of the webhook that its outcome caused. */
export function ended(outcome: Outcome, startedAtMs: number, change: keyof typeof transitions): EndedAttempt {
  return { outcome, startedAtMs, transition: transitions[change] }
}

/** An attempt that was not sent. */
export function rejected(reason: UnsentReason, nowMs: number): EndedAttempt {
  const outcome = reason === 'superseded' ? ({ kind: reason } as const) : ({ kind: 'rejected', reason } as const)
  return { outcome, startedAtMs: nowMs, transition: null }
}

/** Whether nothing was sent to the receiver. */
export function isUnsent({ outcome }: EndedAttempt): boolean {
  return outcome.kind === 'rejected' || outcome.kind === 'superseded'
}

export type FollowUp = {
  next: Next
  records: OutcomeRecords
  /** The attempt, if something follows it. */
  tried: AttemptSummary | null
}

/** Decides what an attempt leads to: the records to write, and what happens to its item. Changes nothing. */
export function followUp(
  item: Item,
  entry: Entry,
  { outcome, startedAtMs, transition }: EndedAttempt,
  nowMs: number,
  random: number,
): FollowUp {
  const { delivery, replayId, givenUpAt, position } = item
  const { definition, offset: definitionOffset } = entry
  const attempt = item.nextAttempt
  const next = decideNext(outcome, attempt, definition.retryProfile, random)
  const facts = {
    delivery,
    replayId,
    givenUpAt,
    definition,
    definitionOffset,
    position,
    attempt,
    startedAtMs,
    outcome,
    next,
    transition,
  }
  const record = attemptRecord(facts, nowMs)
  if (next.kind === 'done') {
    if (outcome.kind !== 'success') return { next, records: { attempt: record }, tried: null }
    // Formatters of earlier versions write no time of the event; that of the notification takes its place.
    const publishedAt = delivery.eventPublishedAt ?? delivery.createdAt
    return { next, records: { attempt: record, publishedAt }, tried: null }
  }
  const tried = toSummary(record)
  const attempts = [...item.attempts, tried]
  switch (next.kind) {
    case 'retry':
      return { next, records: { attempt: record }, tried }
    case 'later': {
      const pending = { ...toPending(item, 'retry', nowMs + next.delayMs), attempts }
      return { next, records: { attempt: record, retry: { tier: next.tier, pending } }, tried }
    }
    case 'deadLetter': {
      const deadLetter = toDeadLetter(delivery, position, next.reason, attempts, nowMs, null, givenUpAt)
      return { next, records: { attempt: record, deadLetter }, tried }
    }
  }
}

/** End of an attempt as its record says it, so that a fold over webhook-attempts gives the same result. */
export function endMs(outcome: Outcome, startedAtMs: number): number {
  return outcome.kind === 'rejected' ? startedAtMs : startedAtMs + Math.round(outcome.latencyMs)
}
