import type { Attempt } from '../../domain/delivery/delivery.ts'
import type { SnapshotLogIds } from '../../domain/delivery/webhook-snapshot.ts'
import type { Decode } from '../../platform/avro/codec.ts'
import { OrderedDecoder } from '../../platform/avro/ordered-decoder.ts'
import type { ConsumedRecord } from '../../platform/kafka/consumer.ts'
import type { RangeReader } from '../../platform/kafka/readers/range-reader.ts'
import { answerId, toQueueId } from '../engine/item-ids.ts'
import type { AnsweredRecord, ResumePoint } from '../engine/offsets/partition-state.ts'

export type AnswersContext = {
  reader: Pick<RangeReader, 'read'>
  attempts: { topic: string; decode: Decode<Attempt> }
  /** All topics whose offsets are committed, by name; webhook-parked is not among them. */
  sources: ReadonlyMap<string, unknown>
  logIds: SnapshotLogIds
}

/**
 * Notes the delivery that an attempt answers for. @param answered answerId -> number of attempts; Infinity when it is
 * settled.
 */
export function addAnswered(answered: Map<string, number>, made: Attempt): void {
  const { deliveryId, replayId, attempt, next } = made
  if (isAnswer(made))
    answered.set(answerId(deliveryId, replayId), next === 'retry' ? attempt : Number.POSITIVE_INFINITY)
}

/**
 * @returns the record that an attempt answers for; null if there is none, or if neither a commit nor a snapshot will ever
 * show it.
 */
export function findAnswered(
  attempt: Attempt,
  { sources, logIds }: Pick<AnswersContext, 'sources' | 'logIds'>,
): AnsweredRecord | null {
  const { sourceTopic: topic, sourceOffset: offset, sourceLogId, webhookId, replayId } = attempt
  if (!isAnswer(attempt)) return null
  if (sources.has(topic)) return { topic, offset }
  const isParked = typeof sourceLogId === 'string' && sourceLogId === logIds.parkedLogId
  return isParked ? { parkedQueue: toQueueId(webhookId, replayId), offset } : null
}

/** Finds the records that a part of webhook-attempts answers for. */
export async function readAnswered(
  partition: number,
  { from, to }: { from: number; to: number },
  context: AnswersContext,
): Promise<AnsweredRecord[]> {
  const { reader, attempts } = context
  const found: AnsweredRecord[] = []
  const decoder = new OrderedDecoder(attempts.decode)
  const add = (attempt: Attempt) => {
    const answered = findAnswered(attempt, context)
    if (answered) found.push(answered)
  }
  // The stats-aggregator makes dead letters of unreadable ones.
  const take = ({ value }: ConsumedRecord) => value && decoder.push(value, add, () => undefined)
  await reader.read(attempts.topic, partition, from, to, take, { isThere: true })
  await decoder.done()
  return found
}

/** @param resume the last commits. */
export function isCommitted(record: AnsweredRecord, resume: ReadonlyMap<string, ResumePoint>): boolean {
  if (!('topic' in record)) return false
  const { topic, offset } = record
  const point = resume.get(topic)
  return point !== undefined && (offset < point.offset || (point.finishedAbove?.finished(offset) ?? false))
}

/** Returns the records that are not behind the ends of their topics: those were in logs that no longer exist. */
export async function inTheirLogs(
  answered: readonly AnsweredRecord[],
  endOf: (topic: string) => Promise<number>,
): Promise<AnsweredRecord[]> {
  const ends = new Map<string, number>()
  for (const topic of new Set(answered.flatMap((each) => ('topic' in each ? [each.topic] : []))))
    ends.set(topic, await endOf(topic))
  return answered.filter((each) => !('topic' in each) || each.offset < (ends.get(each.topic) ?? 0))
}

/**
 * Whether the attempt finishes the record that it was made from. A retry in the same lane does not: it is written
 * nowhere.
 */
function isAnswer({ next, nextTopic }: Attempt): boolean {
  return next !== 'retry' || nextTopic !== null
}
