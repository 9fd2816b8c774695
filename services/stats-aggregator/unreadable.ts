import type { DeadLetter } from '../domain/delivery.ts'
import { recordLetter } from '../domain/record-letter.ts'
import type { Encode } from '../platform/codec.ts'
import type { ConsumedRecord } from '../platform/kafka/consumer.ts'
import type { BatchingProducer } from '../platform/kafka/producer.ts'
import type { Logger } from '../platform/log.ts'

export type UnreadableContext = {
  log: Logger
  nowMs: () => number
  /** webhook-dead-letters. */
  topic: string
  encode: Encode<DeadLetter>
  send: BatchingProducer['send']
}

/** An attempt that cannot be decoded goes to the dead letters with its bytes. Resolves when Kafka has it. */
export function unreadableAttempt({ log, nowMs, topic, encode, send }: UnreadableContext) {
  return (record: ConsumedRecord, detail: string): Promise<unknown> => {
    note(log, record, detail)
    const letter = recordLetter('unreadable', record, detail, nowMs())
    return send({ topic, key: record.key, value: encode(letter), partition: record.partition })
  }
}

/** A dead letter that cannot be decoded stays where it is: another one would meet the same fate. */
export function unreadableLetter({ log }: Pick<UnreadableContext, 'log'>) {
  return async (record: ConsumedRecord, detail: string): Promise<void> => note(log, record, detail)
}

function note(log: Logger, { topic, partition, offset }: ConsumedRecord, reason: string): void {
  log.error({ topic, partition, offset, reason }, 'record is not readable')
}
