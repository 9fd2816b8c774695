import type { DeadLetter, Delivery } from '../domain/delivery.ts'
import type { Decode, Decoded } from '../platform/codec.ts'
import type { ConsumedRecord, RecordBatch } from '../platform/kafka/consumer.ts'
import type { Engine } from './engine.ts'
import { type Place, unreadableLetter } from './records.ts'

export type IntakeContext = {
  engine: Pick<Engine, 'hasRoom' | 'offer' | 'offerUnsendable'>
  decode: Decode<Delivery>
  /** Resolves when the definitions table has folded what stands before the offset of webhook-config. */
  definitionsReached: (offset: number) => Promise<void>
  definitionsPosition: () => number
  nowMs: () => number
  /** Called when the engine has no room: the partition is not to be fetched before there is. */
  pause: (topic: string, partition: number) => void
  unreadable: (place: Place, reason: string) => void
}

/**
 * Hands a batch's records to the engine until it is full.
 * @returns how many were taken; the rest is fetched again later. A promise only where something must be waited for.
 */
export function takeBatch(batch: RecordBatch, context: IntakeContext, from = 0): number | Promise<number> {
  const { records, assignment } = batch
  for (let index = from; index < records.length; index++) {
    const record = records[index] as ConsumedRecord
    if (!assignment.current) return index
    if (!context.engine.hasRoom) {
      context.pause(batch.topic, batch.partition)
      return index
    }
    const pending = take(record, context)
    if (pending) return pending.then(() => takeBatch(batch, context, index + 1))
  }
  return records.length
}

function take(record: ConsumedRecord, context: IntakeContext): Promise<void> | undefined {
  const { value } = record
  if (value === null) {
    context.engine.offerUnsendable(record)
    return undefined
  }
  const decoded = context.decode(value)
  return decoded instanceof Promise
    ? decoded.then((result) => settle(record, result, context))
    : settle(record, decoded, context)
}

/** Nothing is decided by a definition older than the one that made the notification. */
function settle(record: ConsumedRecord, decoded: Decoded<Delivery>, context: IntakeContext): Promise<void> | undefined {
  const place = { topic: record.topic, partition: record.partition, offset: record.offset }
  if (!decoded.ok) {
    context.unreadable(place, decoded.reason)
    const letter: DeadLetter = unreadableLetter(place, record.key, record.value, decoded.reason, context.nowMs())
    context.engine.offerUnsendable(place, letter)
    return undefined
  }
  const neededPosition = decoded.value.definitionOffset + 1
  if (context.definitionsPosition() >= neededPosition) {
    context.engine.offer(place, decoded.value)
    return undefined
  }
  return context.definitionsReached(neededPosition).then(() => context.engine.offer(place, decoded.value))
}
