import type { Encode } from '../../platform/avro/codec.ts'
import type { Acknowledged, BatchingProducer } from '../../platform/kafka/produce/producer.ts'
import { sendWhatFits } from '../../platform/kafka/produce/when-kafka-refuses.ts'
import type { AuditEntry } from './audit-entry.ts'

/** Maximum characters of a value, and of an id, in an entry that Kafka has refused as too large. */
const maxValueLength = 200

/** Writes an audit entry. If Kafka refuses it as too large: with its values cut, then with the fields' names only. */
export function writeEntry(
  producer: Pick<BatchingProducer, 'enqueue'>,
  { topic, encode }: { topic: string; encode: Encode<AuditEntry> },
  entry: AuditEntry,
): Promise<Acknowledged> {
  const toRecord = (written: AuditEntry) => ({ topic, partition: 0, key: written.businessId, value: encode(written) })
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

/** Maximum characters in the smallest entry. */
const maxFields = 100
