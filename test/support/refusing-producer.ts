import type { Acknowledged, BatchingProducer, OutgoingRecord } from '../../services/platform/kafka/produce/producer.ts'
import { RecordRefused } from '../../services/platform/kafka/produce/record-refused.ts'

type Edges = Pick<BatchingProducer, 'send' | 'enqueue'>

/** A producer with a send of the test. Anything it throws other than RecordRefused ends the test. */
export function producerOf(send: (record: OutgoingRecord) => Promise<Acknowledged>): Edges {
  return {
    send,
    enqueue(record, acknowledged, refused) {
      send(record).then(acknowledged, (error: unknown) => {
        if (!(error instanceof RecordRefused)) throw error
        refused(error)
      })
    },
  }
}

/**
 * A Kafka that accepts what it does not refuse. The last record of a chain is never refused: it waits until release().
 * @param refuses why a record is refused, or null
 */
export function refusingKafka(refuses: (record: OutgoingRecord) => RecordRefused | null) {
  const log: OutgoingRecord[] = []
  const refusals: OutgoingRecord[] = []
  const waiting: (() => void)[] = []
  const producer = producerOf(async (record) => {
    const refusal = refuses(record)
    if (refusal) refusals.push(record)
    if (refusal && !record.isLast) throw refusal
    if (refusal) await new Promise<void>((resolve) => waiting.push(resolve))
    return { offset: log.push(record) - 1 }
  })
  return {
    producer,
    log,
    refusals,
    get waiting() {
      return waiting.length
    },
    release: () => {
      for (const resolve of waiting.splice(0)) resolve()
    },
  }
}
