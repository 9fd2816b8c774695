import type { DeadLetter } from './delivery.ts'

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
