import type { DeadLetter, Delivery } from '../domain/delivery.ts'
import { limits } from '../domain/limits.ts'
import type { Encode } from '../platform/codec.ts'
import type { ConsumedRecord } from '../platform/kafka/consumer.ts'
import { type BatchingProducer, type OutgoingRecord, RecordRefused } from '../platform/kafka/producer.ts'
import { type LettersBySize, oversizeLetters, recordLetters } from './dead-letters.ts'

export type OutputEdges = {
  send: BatchingProducer['send']
  deliveries: { topic: string; encode: Encode<Delivery> }
  deadLetters: { topic: string; encode: Encode<DeadLetter>; partitions: number }
  nowMs: () => number
}

/** Where the formatter's results go. Both promises resolve when Kafka has the record; calls in order stay in order. */
export class Output {
  readonly #edges: OutputEdges

  constructor(edges: OutputEdges) {
    this.#edges = edges
  }

  async deliver(record: ConsumedRecord, delivery: Delivery): Promise<'delivered' | 'oversize'> {
    const { send, deliveries, deadLetters, nowMs } = this.#edges
    const key = delivery.webhookId
    const oversize = async (refusal: string) => {
      await this.#bury({ topic: deadLetters.topic, key }, oversizeLetters(record, delivery, refusal, nowMs()))
      return 'oversize' as const
    }
    if (delivery.body.length > limits.maxNotificationBytes)
      return oversize(`more than ${limits.maxNotificationBytes} bytes`)
    try {
      await send({ topic: deliveries.topic, key, value: deliveries.encode(delivery) })
      return 'delivered'
    } catch (error) {
      if (!(error instanceof RecordRefused)) throw error
      return oversize(error.message)
    }
  }

  /** A record that cannot be read or handled, under its own key; one without a key goes to its own partition number, as far as there are so many. */
  setAside(reason: 'unreadable' | 'fault', record: ConsumedRecord, detail: string): Promise<void> {
    const { deadLetters, nowMs } = this.#edges
    const { topic } = deadLetters
    const { key } = record
    const place = key === null ? { topic, key, partition: record.partition % deadLetters.partitions } : { topic, key }
    return this.#bury(place, recordLetters(reason, record, detail, nowMs()))
  }

  async #bury(place: Omit<OutgoingRecord, 'value'>, [letter, ...smaller]: LettersBySize): Promise<void> {
    const { send, deadLetters } = this.#edges
    try {
      await send({ ...place, value: deadLetters.encode(letter) })
    } catch (error) {
      const [next, ...rest] = smaller
      if (!(error instanceof RecordRefused) || !next) throw error
      await this.#bury(place, [next, ...rest])
    }
  }
}
