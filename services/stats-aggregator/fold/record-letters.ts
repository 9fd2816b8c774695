import { recordLetter } from '../../domain/delivery/dead-letter.ts'
import { lettersBySize } from '../../domain/delivery/dead-letter-sizes.ts'
import type { ConsumedRecord } from '../../platform/kafka/consumer.ts'
import type { BatchingProducer } from '../../platform/kafka/produce/producer.ts'
import type { Logger } from '../../platform/runtime/log.ts'
import { type DeadLetterTopic, enqueueDeadLetter } from '../../topics/dead-letter-topic.ts'

export type LettersContext = {
  log: Logger
  nowMs: () => number
  deadLetters: DeadLetterTopic
  producer: Pick<BatchingProducer, 'enqueue'>
}

/**
 * Writes dead letters of records that cannot be read or counted, with their bytes; without them if Kafka refuses the
 * size (an unreadable dead letter may be as large as the topic allows). Resolves once Kafka has the letter.
 */
export function recordLetters({ log, nowMs, deadLetters, producer }: LettersContext) {
  return async (record: ConsumedRecord, reason: 'unreadable' | 'fault', detail: string): Promise<void> => {
    const { topic: from, partition, offset, key } = record
    if (reason === 'unreadable') log.error({ topic: from, partition, offset, reason: detail }, 'record is not readable')
    const letters = lettersBySize(recordLetter(reason, record, detail, nowMs()))
    await new Promise((resolve) => enqueueDeadLetter(producer, deadLetters, { key, partition }, letters, resolve))
  }
}
