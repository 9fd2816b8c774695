import type { DeadLetter, Delivery } from '../domain/delivery.ts'
import { recordLetter } from '../domain/record-letter.ts'
import type { ConsumedRecord } from '../platform/kafka/consumer.ts'

/**
 * The dead letters of what cannot go on, the fullest first: the next one is for when Kafka refuses that one as too large.
 * The last holds no bytes of ours: the record itself stays where source says for as long as its topic keeps it.
 */
export type LettersBySize = [DeadLetter, ...DeadLetter[]]

/** A record that cannot be read, or whose handling throws. */
export function recordLetters(
  reason: 'unreadable' | 'fault',
  record: ConsumedRecord,
  detail: string,
  nowMs: number,
): LettersBySize {
  const smallest = recordLetter(reason, { ...record, key: null, value: null }, detail, nowMs)
  return [recordLetter(reason, record, detail, nowMs), withoutBytes(smallest)]
}

/** A notification that is larger than Kafka takes: Avro's few bytes of a long event can be many of JSON. */
export function oversizeLetters(
  record: ConsumedRecord,
  delivery: Delivery,
  refusal: string,
  nowMs: number,
): LettersBySize {
  const detail = `a body of ${delivery.body.length} bytes for webhook ${delivery.webhookId} is refused: ${refusal}`
  const letter = letterOf(record, 'oversize', detail, nowMs)
  return [{ ...letter, delivery }, withSourceBytes(letter, record), withoutBytes(letter)]
}

function letterOf(record: ConsumedRecord, reason: DeadLetter['reason'], detail: string, nowMs: number): DeadLetter {
  const { topic, partition, offset } = record
  const source = { topic, partition, offset, key: null, value: null }
  return { reason, detail, deadLetteredAt: nowMs, delivery: null, attempts: [], source }
}

function withSourceBytes(letter: DeadLetter, { key, value }: ConsumedRecord): DeadLetter {
  return { ...letter, source: { ...letter.source, key, value } }
}

function withoutBytes(letter: DeadLetter): DeadLetter {
  return { ...letter, detail: `${letter.detail} (too large to be kept here)` }
}
