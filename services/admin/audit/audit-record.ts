import type { Encode } from '../../platform/avro/codec.ts'
import type { Acknowledged, BatchingProducer } from '../../platform/kafka/produce/producer.ts'
import { sendWhatFits } from '../../platform/kafka/produce/when-kafka-refuses.ts'
import type { AuditEntry } from './audit-entry.ts'

/** Characters of a value, and of an id, in an entry that Kafka refuses. */
const maxValueLength = 200

/** Writes an entry of the audit; where Kafka refuses it, with its values cut, then with the names of the fields alone. */
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
  // JSON that is cut is none: it stands in quotes.
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

/** Of the smallest entry. */
const maxFields = 100
