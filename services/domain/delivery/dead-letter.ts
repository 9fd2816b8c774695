import type { AttemptSummary, DeadLetter, DeadLetterReason, Delivery, GivenUpAt } from './delivery.ts'

/** Dead letter of a notification that will not be sent again by itself, complete, so that it can be replayed. */
export function toDeadLetter(
  delivery: Delivery,
  position: Pick<DeadLetter['source'], 'topic' | 'partition' | 'offset'>,
  reason: DeadLetterReason,
  attempts: AttemptSummary[],
  nowMs: number,
  detail: string | null = null,
  givenUpAt: GivenUpAt = null,
): DeadLetter {
  const source = { ...position, key: null, value: null }
  return { reason, detail, deadLetteredAt: nowMs, delivery, attempts, source, givenUpAt: givenUpAt ?? null }
}

/** Dead letter of a Kafka record that cannot be decoded or handled, with its bytes. */
export function recordLetter(
  reason: 'unreadable' | 'fault',
  { topic, partition, offset, key, value }: DeadLetter['source'],
  detail: string,
  nowMs: number,
): DeadLetter {
  return {
    reason,
    detail,
    deadLetteredAt: nowMs,
    delivery: null,
    attempts: [],
    source: { topic, partition, offset, key, value },
  }
}
