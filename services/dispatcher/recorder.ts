import type { Attempt, DeadLetter } from '../domain/delivery.ts'
import type { Encode } from '../platform/codec.ts'
import type { Acknowledged, OutgoingRecord } from '../platform/kafka/producer.ts'

export type RecorderContext = {
  send: (record: OutgoingRecord) => Promise<Acknowledged>
  attempts: { topic: string; encode: Encode<Attempt> }
  deadLetters: { topic: string; encode: Encode<DeadLetter> }
  fail: (error: unknown) => void
}

export type OutcomeRecords = { attempt?: Attempt; deadLetter?: DeadLetter }

/**
 * Writes outcomes to Kafka, each in the partition number of its delivery.
 * @param acknowledged called once all of them are in the log; a record that Kafka refuses ends the process.
 */
export function recordOutcome(
  partition: number,
  { attempt, deadLetter }: OutcomeRecords,
  { send, attempts, deadLetters, fail }: RecorderContext,
  acknowledged: () => void,
): void {
  const sent: Promise<unknown>[] = []
  if (attempt) {
    sent.push(send({ topic: attempts.topic, key: attempt.webhookId, value: attempts.encode(attempt), partition }))
  }
  if (deadLetter) {
    const key = deadLetter.delivery?.webhookId ?? deadLetter.source.key
    sent.push(send({ topic: deadLetters.topic, key, value: deadLetters.encode(deadLetter), partition }))
  }
  const all = sent.length === 1 ? (sent[0] as Promise<unknown>) : Promise.all(sent)
  all.then(acknowledged).catch(fail)
}
