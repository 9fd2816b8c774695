import type { DeadLetter } from '../domain/delivery.ts'
import { recordLetter } from '../domain/record-letter.ts'
import type { Encode } from '../platform/codec.ts'
import type { ConsumedRecord } from '../platform/kafka/consumer.ts'
import type { BatchingProducer } from '../platform/kafka/producer.ts'
import { RecordRefused } from '../platform/kafka/producer.ts'
import type { Logger } from '../platform/log.ts'

export type LettersContext = {
  log: Logger
  nowMs: () => number
  /** webhook-dead-letters. */
  topic: string
  encode: Encode<DeadLetter>
  send: BatchingProducer['send']
}

/**
 * Dead letters of records that cannot be read or counted, with their bytes; without, where Kafka refuses so much (a dead
 * letter that cannot be read may be as large as the topic allows). Resolves when Kafka has it.
 */
export function recordLetters({ log, nowMs, topic, encode, send }: LettersContext) {
  return async (record: ConsumedRecord, reason: 'unreadable' | 'fault', detail: string): Promise<void> => {
    const { topic: from, partition, offset, key } = record
    if (reason === 'unreadable') log.error({ topic: from, partition, offset, reason: detail }, 'record is not readable')
    const write = (source: ConsumedRecord, why: string) =>
      send({ topic, key, partition, value: encode(recordLetter(reason, source, why, nowMs())) })
    try {
      await write(record, detail)
    } catch (error) {
      if (!(error instanceof RecordRefused)) throw error
      await write(
        { ...record, value: null },
        `${detail} (without its ${record.value?.length ?? 0} bytes: ${error.message})`,
      )
    }
  }
}
