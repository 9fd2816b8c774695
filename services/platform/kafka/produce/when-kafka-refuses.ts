import type { Acknowledged, BatchingProducer, OutgoingRecord } from './producer.ts'
import type { RecordRefused } from './record-refused.ts'

/**
 * Smaller versions of a record, largest first; each is created only when needed. The last one is small and never given
 * up.
 */
export type SmallerRecords = (refusal: RecordRefused) => [() => OutgoingRecord, ...(() => OutgoingRecord)[]]

/** @param version 0 for the first record, 1 for the first smaller one. */
export type WrittenVersion = (ack: Acknowledged, version?: number) => void

/**
 * Writes a record that must not be lost: if Kafka refuses it, a version that says less, and so on. While Kafka accepts
 * the record, this costs no more than a plain send.
 */
export function enqueueWhatFits(
  producer: Pick<BatchingProducer, 'enqueue'>,
  record: OutgoingRecord,
  smaller: SmallerRecords,
  acknowledged: WrittenVersion,
): void {
  producer.enqueue(record, acknowledged, (refusal) => {
    const records = smaller(refusal)
    const write = (version: number): void => {
      const make = records[version - 1]
      if (!make) throw refusal
      const isLast = version === records.length
      producer.enqueue(
        { ...make(), isLast },
        (ack) => acknowledged(ack, version),
        () => write(version + 1),
      )
    }
    write(1)
  })
}

/** Like enqueueWhatFits. @returns the record's offset and version. */
export function sendWhatFits(
  producer: Pick<BatchingProducer, 'enqueue'>,
  record: OutgoingRecord,
  smaller: SmallerRecords,
): Promise<Acknowledged & { version: number }> {
  return new Promise((resolve) =>
    enqueueWhatFits(producer, record, smaller, ({ offset }, version = 0) => resolve({ offset, version })),
  )
}
