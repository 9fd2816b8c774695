import type { LettersBySize } from '../domain/delivery/dead-letter-sizes.ts'
import type { DeadLetter } from '../domain/delivery/delivery.ts'
import type { Encode } from '../platform/avro/codec.ts'
import type { Acknowledged, BatchingProducer, OutgoingRecord } from '../platform/kafka/produce/producer.ts'
import { enqueueWhatFits, type SmallerRecords } from '../platform/kafka/produce/when-kafka-refuses.ts'

/** webhook-dead-letters, with its name in Kafka. */
export type DeadLetterTopic = { topic: string; encode: Encode<DeadLetter> }

type LetterPlace = Pick<OutgoingRecord, 'key' | 'partition'>

/** Maximum bytes of a key that a small letter keeps; a longer one is left out. */
const maxKeyBytes = 1_000

/** Writes a dead letter, or as much of it as Kafka accepts. */
export function enqueueDeadLetter(
  producer: Pick<BatchingProducer, 'enqueue'>,
  deadLetters: DeadLetterTopic,
  place: LetterPlace,
  letters: LettersBySize,
  acknowledged: (ack: Acknowledged) => void,
): void {
  const [first, ...smaller] = letterRecords(deadLetters, place, letters)
  enqueueWhatFits(producer, first(), () => smaller as ReturnType<SmallerRecords>, acknowledged)
}

/** Records of a dead letter, largest first. */
export function letterRecords(
  { topic, encode }: DeadLetterTopic,
  { key, partition }: LetterPlace,
  letters: LettersBySize,
): ReturnType<SmallerRecords> {
  const toRecord = (letter: DeadLetter, itsKey: LetterPlace['key']): OutgoingRecord =>
    partition === undefined
      ? { topic, key: itsKey, value: encode(letter) }
      : { topic, key: itsKey, value: encode(letter), partition }
  const shortKey = key !== null && Buffer.byteLength(key) > maxKeyBytes ? null : key
  return letters.map(
    (letter, index) => () => toRecord(letter, index === 0 ? key : shortKey),
  ) as ReturnType<SmallerRecords>
}
