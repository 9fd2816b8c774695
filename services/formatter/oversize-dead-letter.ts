import { type LettersBySize, withoutBytes } from '../domain/delivery/dead-letter-sizes.ts'
import type { DeadLetter, Delivery } from '../domain/delivery/delivery.ts'
import type { ConsumedRecord } from '../platform/kafka/consumer.ts'

/** Dead letters of a notification larger than Kafka accepts. A few bytes of Avro in a long event can become many of JSON. */
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
