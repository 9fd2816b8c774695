import type { Attempt, DeadLetter, PendingDelivery } from '../domain/delivery.ts'
import type { Encode } from '../platform/codec.ts'
import type { Acknowledged, BatchingProducer } from '../platform/kafka/producer.ts'
import type { OutcomeRecords, Written } from './ports.ts'
import type { Tier } from './retry.ts'

export type Destination<T> = { topic: string; encode: Encode<T> }

export type RecorderContext = {
  producer: Pick<BatchingProducer, 'enqueue'>
  attempts: Destination<Attempt>
  deadLetters: Destination<DeadLetter>
  parked: Destination<PendingDelivery>
  retries: Record<Tier, Destination<PendingDelivery>>
  fail: (error: unknown) => void
}

/**
 * Writes outcomes to Kafka, each in the partition number of its delivery.
 * @param acknowledged called once all of them are in the log; a record that Kafka refuses ends the process.
 */
export function recordOutcome(
  partition: number,
  { attempt, deadLetter, retry, parked }: OutcomeRecords,
  context: RecorderContext,
  acknowledged: (written: Written) => void,
): void {
  const { producer, fail } = context
  const written: Written = { attemptOffset: null, parkedOffset: null }
  let awaited = 0
  const write = <T>(
    { topic, encode }: Destination<T>,
    key: string | Buffer | null,
    value: T,
    into?: keyof Written,
  ): void => {
    awaited++
    const record = { topic, key, value: encode(value), partition }
    const done = ({ offset }: Acknowledged) => {
      if (into) written[into] = offset
      if (--awaited === 0) acknowledged(written)
    }
    producer.enqueue(record, done, fail)
  }
  if (deadLetter) write(context.deadLetters, deadLetter.delivery?.webhookId ?? deadLetter.source.key, deadLetter)
  if (retry) write(context.retries[retry.tier], retry.pending.delivery.webhookId, retry.pending)
  if (parked) write(context.parked, parked.delivery.webhookId, parked, 'parkedOffset')
  if (attempt) write(context.attempts, attempt.webhookId, attempt, 'attemptOffset')
}
