import { toDeadLetter } from '../../domain/delivery/dead-letter.ts'
import { lettersBySize, withoutExcerpts } from '../../domain/delivery/dead-letter-sizes.ts'
import type { Attempt, PendingDelivery } from '../../domain/delivery/delivery.ts'
import type { Encode } from '../../platform/avro/codec.ts'
import type { Acknowledged, BatchingProducer } from '../../platform/kafka/produce/producer.ts'
import { enqueueWhatFits, type SmallerRecords } from '../../platform/kafka/produce/when-kafka-refuses.ts'
import type { RecordPosition } from '../../platform/runtime/record-faults.ts'
import { type DeadLetterTopic, enqueueDeadLetter, letterRecords } from '../../topics/dead-letter-topic.ts'
import type { Tier } from '../engine/gate/retry.ts'
import type { OutcomeRecords, Written } from '../engine/ports.ts'
import { joinedHeaders } from './joined-header.ts'

export type Destination<T> = { topic: string; encode: Encode<T> }

export type RecorderContext = {
  producer: Pick<BatchingProducer, 'enqueue'>
  attempts: Destination<Attempt>
  deadLetters: DeadLetterTopic
  parked: Destination<PendingDelivery>
  /** Topic id of webhook-parked; null if it is not known. */
  parkedLogId: string | null
  retries: Record<Tier, Destination<PendingDelivery>>
  joined: Destination<PendingDelivery>
  nowMs: () => number
}

/**
 * Maximum characters of an id in an attempt that Kafka refused as too large. Longer ids (domain/event/event-limits.ts) exist
 * only in records written by hand.
 */
const maxIdLength = 256
/** Offset of a record that was not taken from a topic. */
const nowhere = -1

/**
 * Writes an outcome to Kafka, in the partition number of its delivery. If the notification continues as a retry or a
 * dead letter, the attempt is written once that is acknowledged: it tells a successor that the notification is
 * answered for. A record that Kafka refuses is written in smaller versions, in the end as a dead letter.
 * @param acknowledged called once all of it is in the log.
 */
export function recordOutcome(
  partition: number,
  { attempt, deadLetter, retry, parked, joined }: OutcomeRecords,
  context: RecorderContext,
  acknowledged: (written: Written) => void,
): void {
  const written: Written = { attemptOffsets: [], parkedOffset: null, joinedOffset: null }
  // A record that cannot be encoded throws here, before anything is written: later, its owner would be unknown.
  if (attempt && (deadLetter || retry || parked)) context.attempts.encode(attempt)
  const finish = (made = attempt) => {
    if (!made) return acknowledged(written)
    writeAttempt(partition, made, context, ({ offset }) => {
      written.attemptOffsets = [offset]
      acknowledged(written)
    })
  }
  if (deadLetter) {
    const key = deadLetter.delivery?.webhookId ?? deadLetter.source.key
    return enqueueDeadLetter(context.producer, context.deadLetters, { key, partition }, lettersBySize(deadLetter), () =>
      finish(),
    )
  }
  if (retry) {
    const position = { topic: attempt?.sourceTopic ?? '', partition, offset: attempt?.sourceOffset ?? nowhere }
    return writePending(context.retries[retry.tier], retry.pending, position, context, (offset) =>
      finish(offset === null && attempt ? asDeadLettered(attempt) : attempt),
    )
  }
  if (parked) {
    const position = { topic: context.parked.topic, partition, offset: nowhere }
    return writePending(context.parked, parked, position, context, (offset) => {
      written.parkedOffset = offset
      finish()
    })
  }
  if (joined) {
    const { pending, attempts } = joined
    for (const each of attempts) context.attempts.encode(each)
    const position = { topic: context.joined.topic, partition, offset: nowhere }
    return writePending(context.joined, pending, position, context, (offset) => {
      written.joinedOffset = offset
      writeAttempts(partition, attempts, context, (offsets) => {
        written.attemptOffsets = offsets
        acknowledged(written)
      })
    })
  }
  finish()
}

/** @param acknowledged with the offsets, once all are in the log. */
function writeAttempts(
  partition: number,
  attempts: readonly Attempt[],
  context: RecorderContext,
  acknowledged: (offsets: number[]) => void,
): void {
  const offsets: number[] = []
  for (const each of attempts)
    writeAttempt(partition, each, context, ({ offset }) => {
      offsets.push(offset)
      if (offsets.length === attempts.length) acknowledged(offsets)
    })
}

function writeAttempt(
  partition: number,
  attempt: Attempt,
  { producer, attempts, parked, parkedLogId }: RecorderContext,
  acknowledged: (ack: Acknowledged) => void,
): void {
  const { topic, encode } = attempts
  const isOfParked = attempt.sourceTopic === parked.topic
  const whole = isOfParked ? { ...attempt, sourceLogId: parkedLogId } : attempt
  const toRecord = (made: Attempt) => ({ topic, key: made.webhookId, value: encode(made), partition })
  const smaller: SmallerRecords = () => {
    const bare = { ...whole, responseExcerpt: null, responseHeaders: null }
    return [() => toRecord(bare), () => toRecord(withShortIds(bare))]
  }
  enqueueWhatFits(producer, toRecord(whole), smaller, acknowledged)
}

/**
 * Writes a notification that waits; if Kafka refuses it, without the answers of receivers, then as a dead letter.
 * @param acknowledged with null if it has become a dead letter.
 */
function writePending(
  { topic, encode }: Destination<PendingDelivery>,
  pending: PendingDelivery,
  position: RecordPosition,
  { producer, deadLetters, nowMs }: RecorderContext,
  acknowledged: (offset: number | null) => void,
): void {
  const { delivery } = pending
  const key = delivery.webhookId
  const { partition } = position
  const toRecord = (made: PendingDelivery) => ({ topic, key, value: encode(made), partition, ...joinedHeaders(made) })
  const attempts = withoutExcerpts(pending.attempts)
  const smaller: SmallerRecords = ({ message }) => {
    const why = `refused by ${topic}: ${message}`
    const letter = toDeadLetter(delivery, position, 'oversize', attempts, nowMs(), why, pending.givenUpAt)
    const letters = letterRecords(deadLetters, { key, partition }, lettersBySize(letter))
    return [() => toRecord({ ...pending, attempts }), ...letters]
  }
  enqueueWhatFits(producer, toRecord(pending), smaller, ({ offset }, version = 0) =>
    acknowledged(version <= 1 ? offset : null),
  )
}

/** Changes the attempt of a notification whose retry Kafka refused. */
function asDeadLettered(attempt: Attempt): Attempt {
  return { ...attempt, next: 'deadLetter', nextAttemptAt: null, nextTopic: null }
}

function withShortIds(attempt: Attempt): Attempt {
  const cut = (id: string) => id.slice(0, maxIdLength)
  return {
    ...attempt,
    eventId: cut(attempt.eventId),
    chatChannelId: cut(attempt.chatChannelId),
    contactId: cut(attempt.contactId),
  }
}
