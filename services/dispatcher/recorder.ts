import type { Attempt, DeadLetter, PendingDelivery } from '../domain/delivery.ts'
import type { Encode } from '../platform/codec.ts'
import type { Acknowledged, OutgoingRecord } from '../platform/kafka/producer.ts'
import type { OutcomeRecords, Written } from './ports.ts'
import type { Tier } from './retry.ts'

export type Destination<T> = { topic: string; encode: Encode<T> }

export type RecorderContext = {
  send: (record: OutgoingRecord) => Promise<Acknowledged>
  attempts: Destination<Attempt>
  deadLetters: Destination<DeadLetter>
  parked: Destination<PendingDelivery>
  retries: Record<Tier, Destination<PendingDelivery>>
  fail: (error: unknown) => void
}

const notAsked: Acknowledged = { offset: null }

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
  const { send, fail } = context
  const to = <T>({ topic, encode }: Destination<T>, key: string | Buffer | null, value: T) =>
    send({ topic, key, value: encode(value), partition })
  const others: Promise<unknown>[] = []
  if (deadLetter) {
    others.push(to(context.deadLetters, deadLetter.delivery?.webhookId ?? deadLetter.source.key, deadLetter))
  }
  if (retry) others.push(to(context.retries[retry.tier], retry.pending.delivery.webhookId, retry.pending))
  const parking = parked && to(context.parked, parked.delivery.webhookId, parked)
  const attempting = attempt && to(context.attempts, attempt.webhookId, attempt)
  if (attempting && !parking && others.length === 0) {
    // By far the most frequent, so without more promises than it needs.
    attempting.then(({ offset }) => acknowledged({ attemptOffset: offset, parkedOffset: null })).catch(fail)
    return
  }
  Promise.all([attempting ?? notAsked, parking ?? notAsked, ...others])
    .then(([attempted, parkedAt]) => acknowledged({ attemptOffset: attempted.offset, parkedOffset: parkedAt.offset }))
    .catch(fail)
}
