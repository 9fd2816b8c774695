import type { DeadLetter } from '../domain/delivery.ts'
import type { ConsumedRecord } from '../platform/kafka/consumer.ts'

/** An attempt record that cannot be decoded, with its bytes. */
export function unreadableLetter(record: ConsumedRecord, detail: string, nowMs: number): DeadLetter {
  const { topic, partition, offset, key, value } = record
  return {
    reason: 'unreadable',
    detail,
    deadLetteredAt: nowMs,
    delivery: null,
    attempts: [],
    source: { topic, partition, offset, key, value },
  }
}
