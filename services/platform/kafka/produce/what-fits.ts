import type { Acknowledged, BatchingProducer, OutgoingRecord } from './producer.ts'
import type { RecordRefused } from './record-refused.ts'

/** The ones that say less, the fullest first; each is made when its turn comes. The last one is small, and never given up. */
export type SmallerRecords = (refusal: RecordRefused) => [() => OutgoingRecord, ...(() => OutgoingRecord)[]]

/** @param version 0 of the first record, 1 of the first smaller one. */
export type WrittenVersion = (ack: Acknowledged, version?: number) => void

/**
 * Writes what must not get lost: a record, or where Kafka refuses it one that says less, and so on. What is written costs no
 * more than a record without this, as long as Kafka takes it.
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

/** As enqueueWhatFits. @returns where it went, and which version. */
export function sendWhatFits(
  producer: Pick<BatchingProducer, 'enqueue'>,
  record: OutgoingRecord,
  smaller: SmallerRecords,
): Promise<Acknowledged & { version: number }> {
  return new Promise((resolve) =>
    enqueueWhatFits(producer, record, smaller, ({ offset }, version = 0) => resolve({ offset, version })),
  )
}
