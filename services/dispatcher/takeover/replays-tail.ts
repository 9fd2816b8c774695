import type { PendingDelivery } from '../../domain/delivery/delivery.ts'
import { readOrder } from '../../domain/delivery/replay-orders.ts'
import { OrderedDecoder } from '../../platform/avro/ordered-decoder.ts'
import type { ResumePoint } from '../engine/offsets/partition-state.ts'
import type { JoinedRecord, RestoredPartition } from '../engine/restored-partition.ts'
import { isOfJoined } from '../outcome/joined-header.ts'
import { readEnd } from './read-end.ts'
import type { TakeoverContext } from './takeover.ts'

/**
 * Reads what concerns a takeover in webhook-replays behind the commit: orders to stop replays, and joined messages. Its
 * end is asked for when webhook-attempts has been read. A former owner that is not stopped yet writes joined messages
 * first, and then the attempts that answer for them: if the takeover knew these alone, it would take the joined messages
 * for those of a third owner, and nobody would send them.
 */
export async function readReplays(
  partition: number,
  restored: RestoredPartition,
  { reader, replays, decodeReplay }: TakeoverContext,
): Promise<void> {
  const resume = restored.resume.get(replays)
  const end = await readEnd(reader, replays, partition)
  const decoder = new OrderedDecoder(decodeReplay)
  await reader.read(replays, partition, resume?.offset ?? 0, end, (record) => {
    const order = readOrder(record)
    if (order?.kind === 'stop') restored.stopped.set(order.replayId, record.timestampMs)
    const add = (pending: PendingDelivery) => addJoined(restored.joined, pending, record.offset, resume)
    // An unreadable one becomes a dead letter when its turn comes.
    if (record.value && isOfJoined(record)) decoder.push(record.value, add, () => undefined)
  })
  await decoder.done()
  restored.joinedEnd = end
}

/** Adds the next record of webhook-replays, if it is of joined messages. */
export function addJoined(
  records: JoinedRecord[],
  { delivery, joined = [] }: PendingDelivery,
  offset: number,
  resume: ResumePoint | undefined,
): void {
  if (joined.length === 0) return
  records.push({ offset, delivery, joined, isFinished: resume?.finishedAbove?.finished(offset) ?? false })
}
