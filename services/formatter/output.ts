import { recordLetter } from '../domain/delivery/dead-letter.ts'
import { type LettersBySize, lettersBySize } from '../domain/delivery/dead-letter-sizes.ts'
import type { Delivery } from '../domain/delivery/delivery.ts'
import { limits } from '../domain/event/event-limits.ts'
import type { Encode } from '../platform/avro/codec.ts'
import type { ConsumedRecord } from '../platform/kafka/consumer.ts'
import type { BatchingProducer, OutgoingRecord } from '../platform/kafka/produce/producer.ts'
import { enqueueWhatFits } from '../platform/kafka/produce/when-kafka-refuses.ts'
import { type DeadLetterTopic, enqueueDeadLetter, letterRecords } from '../topics/dead-letter-topic.ts'
import { oversizeLetters } from './oversize-dead-letter.ts'

export type OutputEdges = {
  producer: Pick<BatchingProducer, 'enqueue'>
  deliveries: { topic: string; encode: Encode<Delivery> }
  deadLetters: DeadLetterTopic & { partitions: number }
  nowMs: () => number
}

/**
 * Writes the formatter's results. Both promises resolve once Kafka has the record; calls keep their order. What cannot
 * be encoded is thrown at once, and nothing is written of it.
 */
export class Output {
  readonly #edges: OutputEdges

  constructor(edges: OutputEdges) {
    this.#edges = edges
  }

  deliver(record: ConsumedRecord, delivery: Delivery): Promise<'delivered' | 'oversize'> {
    const { producer, deliveries, deadLetters, nowMs } = this.#edges
    const key = delivery.webhookId
    const letters = (refusal: string) => oversizeLetters(record, delivery, refusal, nowMs())
    if (delivery.body.length > limits.maxNotificationBytes) {
      const tooLarge = letters(`more than ${limits.maxNotificationBytes} bytes`)
      return this.#writeDeadLetter({ key }, tooLarge).then(() => 'oversize')
    }
    const whole = { topic: deliveries.topic, key, value: deliveries.encode(delivery) }
    const smaller = ({ message }: Error) => letterRecords(deadLetters, { key }, letters(message))
    const written = Promise.withResolvers<'delivered' | 'oversize'>()
    enqueueWhatFits(producer, whole, smaller, (_ack, version = 0) =>
      written.resolve(version === 0 ? 'delivered' : 'oversize'),
    )
    return written.promise
  }

  /**
   * Writes the dead letter of a record that cannot be read or handled, under its own key. A record without a key goes
   * to its own partition number, modulo the number of partitions.
   */
  setAside(reason: 'unreadable' | 'fault', record: ConsumedRecord, detail: string): Promise<void> {
    const { deadLetters, nowMs } = this.#edges
    const { key } = record
    const place = key === null ? { key, partition: record.partition % deadLetters.partitions } : { key }
    return this.#writeDeadLetter(place, lettersBySize(recordLetter(reason, record, detail, nowMs())))
  }

  #writeDeadLetter(place: Pick<OutgoingRecord, 'key' | 'partition'>, letters: LettersBySize): Promise<void> {
    const { producer, deadLetters } = this.#edges
    return new Promise((resolve) => enqueueDeadLetter(producer, deadLetters, place, letters, () => resolve()))
  }
}
