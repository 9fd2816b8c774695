import type { Attempt } from '../../domain/delivery/delivery.ts'
import type { Decode } from '../../platform/avro/codec.ts'
import { OrderedDecoder } from '../../platform/avro/ordered-decoder.ts'
import type { ConsumedRecord } from '../../platform/kafka/consumer.ts'
import type { RangeReader } from '../../platform/kafka/readers/range-reader.ts'
import { answerId } from '../engine/item-ids.ts'

/** Topic -> offset after the last of its records that attempts answer for. */
export type AnsweredSources = Map<string, number>

export type AnswersContext = {
  reader: Pick<RangeReader, 'read'>
  attempts: { topic: string; decode: Decode<Attempt> }
  /** All topics whose offsets are committed, by name: webhook-parked is none of them. */
  sources: ReadonlyMap<string, unknown>
}

/** Notes what an attempt answers for. @param answered answerId -> number of attempts; Infinity when it is settled. */
export function addAnswered(answered: Map<string, number>, made: Attempt): void {
  const { deliveryId, replayId, attempt, next } = made
  if (isAnswer(made))
    answered.set(answerId(deliveryId, replayId), next === 'retry' ? attempt : Number.POSITIVE_INFINITY)
}

/** Notes the record that an attempt answers for. */
export function addSource(
  answered: AnsweredSources,
  attempt: Attempt,
  { sources }: Pick<AnswersContext, 'sources'>,
): void {
  const { sourceTopic, sourceOffset } = attempt
  if (!isAnswer(attempt) || !sources.has(sourceTopic)) return
  answered.set(sourceTopic, Math.max(answered.get(sourceTopic) ?? 0, sourceOffset + 1))
}

/** Finds the records that a part of webhook-attempts answers for. */
export async function readSources(
  partition: number,
  { from, to }: { from: number; to: number },
  context: AnswersContext,
): Promise<AnsweredSources> {
  const { reader, attempts } = context
  const answered: AnsweredSources = new Map()
  const decoder = new OrderedDecoder(attempts.decode)
  const add = (attempt: Attempt) => addSource(answered, attempt, context)
  // The stats-aggregator makes dead letters of unreadable ones.
  const take = ({ value }: ConsumedRecord) => value && decoder.push(value, add, () => undefined)
  await reader.read(attempts.topic, partition, from, to, take, { isThere: true })
  await decoder.done()
  return answered
}

/** Whether the record that it was made from is done with: a retry in the same lane is not written anywhere. */
function isAnswer({ next, nextTopic }: Attempt): boolean {
  return next !== 'retry' || nextTopic !== null
}
