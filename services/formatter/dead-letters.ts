import type { DeadLetter, Delivery } from '../domain/delivery/delivery.ts'
import { type LettersBySize, withoutBytes } from '../domain/delivery/letter-sizes.ts'
import type { ConsumedRecord } from '../platform/kafka/consumer.ts'

/** A notification that is larger than Kafka takes: Avro's few bytes of a long event can be many of JSON. */
export function oversizeLetters(
  { topic, partition, offset, key, value }: ConsumedRecord,
  delivery: Delivery,
  refusal: string,
  nowMs: number,
): LettersBySize {
  const detail = `a body of ${delivery.body.length} bytes for webhook ${delivery.webhookId} is refused: ${refusal}`
  const source = { topic, partition, offset, key: null, value: null }
  const letter: DeadLetter = {
    reason: 'oversize',
    detail,
    deadLetteredAt: nowMs,
    delivery: null,
    attempts: [],
    source,
  }
  return [{ ...letter, delivery }, { ...letter, source: { ...source, key, value } }, withoutBytes(letter)]
}
