import type { Encode } from '../../platform/avro/codec.ts'
import type { Acknowledged, BatchingProducer, OutgoingRecord } from '../../platform/kafka/produce/producer.ts'
import { sendWhatFits } from '../../platform/kafka/produce/when-kafka-refuses.ts'
import type { Clock } from '../../platform/runtime/clock.ts'
import { acknowledged, unavailable } from '../http/acknowledged.ts'
import type { AuditEntry } from './audit-entry.ts'

/** Name of webhook-audit in Kafka, and how its entries are written. */
export type AuditTopic = { topic: string; encode: Encode<AuditEntry> }

/** Maximum characters of a value, and of an id, in an entry that Kafka has refused as too large. */
const maxValueLength = 200

/** Writes an audit entry. If Kafka refuses it as too large: with its values cut, then with the fields' names only. */
export function writeEntry(
  producer: Pick<BatchingProducer, 'enqueue'>,
  target: AuditTopic,
  entry: AuditEntry,
): Promise<Acknowledged> {
  const toRecord = (written: AuditEntry) => encodeEntry(target, written)
  const cut = (text: string | null) => text?.slice(0, maxValueLength) ?? null
  const short = {
    ...entry,
    id: entry.id.slice(0, maxValueLength),
    businessId: entry.businessId.slice(0, maxValueLength),
    subject: entry.subject.slice(0, maxValueLength),
    webhookId: cut(entry.webhookId),
    webhookName: cut(entry.webhookName),
  }
  // JSON that is cut is not JSON any more, so it is quoted.
  const quoted = (json: string | null) => json && (json.length > maxValueLength ? JSON.stringify(cut(json)) : json)
  const changes = entry.changes.map(({ field, from, to }) => ({ field, from: quoted(from), to: quoted(to) }))
  const fields = entry.changes
    .slice(0, maxFields)
    .map(({ field }) => ({ field: field.slice(0, maxValueLength), from: null, to: null }))
  return sendWhatFits(producer, toRecord(entry), () => [
    () => toRecord({ ...entry, changes }),
    () => toRecord({ ...short, changes: fields }),
  ])
}

/** Maximum fields in the smallest entry. */
const maxFields = 100

/**
 * Writes the entry of a request before anything that it asks for is done. Nothing has changed yet, so the request is
 * refused rather than kept waiting while webhook-audit cannot be written.
 * @throws HttpProblem 503 with the reason.
 */
export async function writeBefore(
  producer: Pick<BatchingProducer, 'send' | 'faultOf'>,
  target: AuditTopic,
  entry: AuditEntry,
  clock: Pick<Clock, 'sleep'>,
): Promise<void> {
  const fault = producer.faultOf(target.topic)
  if (fault !== null) throw unavailable(fault)
  await acknowledged(clock, producer.send({ ...encodeEntry(target, entry), whileForbidden: 'refuse' }))
}

function encodeEntry({ topic, encode }: AuditTopic, entry: AuditEntry): OutgoingRecord {
  return { topic, partition: 0, key: entry.businessId, value: encode(entry) }
}
