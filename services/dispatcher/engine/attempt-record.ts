import type { WebhookDefinition } from '../../domain/definition/definition.ts'
import type {
  Attempt,
  AttemptSummary,
  Delivery,
  GivenUpAt,
  NextStep,
  WebhookTransition,
} from '../../domain/delivery/delivery.ts'
import { classify, type Outcome, type Replaced } from '../../domain/delivery/outcome.ts'
import type { RecordPosition } from '../../platform/runtime/record-faults.ts'
import type { Next } from './gate/retry.ts'

export type AttemptFacts = {
  delivery: Delivery
  replayId: string | null
  givenUpAt?: GivenUpAt
  definition: WebhookDefinition
  /** Null for a definition that is not saved. */
  definitionOffset: number | null
  position: RecordPosition
  /** From 1. */
  attempt: number
  startedAtMs: number
  outcome: Outcome | Replaced
  next: Next
  /** Change of the webhook that the outcome caused; absent for none. */
  transition?: WebhookTransition | null
}

const nextStep: Record<Next['kind'], NextStep> = {
  done: 'none',
  retry: 'retry',
  later: 'retry',
  deadLetter: 'deadLetter',
}

/**
 * Record of one attempt for webhook-attempts.
 * @param endedAtMs start of a retry's wait.
 */
export function attemptRecord(facts: AttemptFacts, endedAtMs: number): Attempt {
  const { delivery, definition, position, attempt, startedAtMs, outcome, next } = facts
  const { outcome: name, cause } = classify(outcome, definition.slowThresholdMs)
  return {
    deliveryId: delivery.deliveryId,
    webhookId: delivery.webhookId,
    businessId: delivery.businessId,
    eventId: delivery.eventId,
    kind: delivery.kind,
    chatChannelId: delivery.chatChannelId,
    contactId: delivery.contactId,
    attempt,
    startedAt: startedAtMs,
    latencyMs: 'latencyMs' in outcome ? outcome.latencyMs : null,
    outcome: name,
    cause,
    status: outcome.kind === 'success' || outcome.kind === 'refused' ? outcome.status : null,
    responseExcerpt: toExcerpt(outcome),
    slowThresholdMs: definition.slowThresholdMs,
    next: nextStep[next.kind],
    nextAttemptAt: next.kind === 'retry' || next.kind === 'later' ? endedAtMs + next.delayMs : null,
    nextTopic: next.kind === 'later' ? `webhook-retries-${next.tier}` : null,
    definitionVersion: definition.version,
    definitionOffset: facts.definitionOffset,
    deliveryCreatedAt: delivery.createdAt,
    sourceTopic: position.topic,
    sourceOffset: position.offset,
    sourceLogId: null,
    test: false,
    replayId: facts.replayId,
    transition: facts.transition ?? null,
    givenUpAt: facts.givenUpAt ?? null,
  }
}

export function toSummary(attempt: Attempt): AttemptSummary {
  const { startedAt, latencyMs, outcome, cause, status, responseExcerpt } = attempt
  return { attempt: attempt.attempt, startedAt, latencyMs, outcome, cause, status, responseExcerpt }
}

function toExcerpt(outcome: AttemptFacts['outcome']): string | null {
  switch (outcome.kind) {
    case 'success':
    case 'superseded':
      return null
    case 'refused':
      return outcome.responseExcerpt ?? null
    case 'unreachable':
      return outcome.detail
    case 'joined':
      return outcome.into
    case 'rejected':
      return outcome.detail ?? null
  }
}
