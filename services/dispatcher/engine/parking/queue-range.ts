import type { Item } from '../item.ts'
import { OffsetRuns } from '../offsets/offset-runs.ts'
import { OffsetTracker } from '../offsets/offset-tracker.ts'

/** Range of one queue's records in its partition of webhook-parked. */
export type QueueRange = {
  /** Lowest possible offset of the next record to take; null until the first record's offset is known. */
  from: number | null
  /** Offset of the newest record. */
  last: number
  /** Number of records on their way to Kafka. */
  writing: number
  /** Records taken back, in order, and which of them have their outcome in Kafka. */
  taken: OffsetTracker
  /** Records from `from` on that have their outcome in Kafka already: a former owner, or an earlier assignment, took them. */
  answered: OffsetRuns
  /**
   * Offset in the queue's home topic (toHomeTopic) from which its notifications go to webhook-parked. Older ones were
   * in memory when parking began: they are sent first, also by a successor that reads them again.
   */
  since: number
  /**
   * Later notifications that follow the last parked ones and wait in memory during a handover; null without a handover.
   */
  behind: Item[] | null
}

export function createRange(since: number): QueueRange {
  const [taken, answered] = [new OffsetTracker(), new OffsetRuns()]
  return { from: null, last: -1, writing: 0, taken, answered, since, behind: null }
}

/** Notes that all records before the offset have been taken or seen. */
export function advance(range: QueueRange, offset: number): void {
  range.from = offset
  range.answered.dropBefore(offset)
}

/**
 * Puts taken records back: they are taken again, beginning with the one at `offset`. Records in flight are read again,
 * too, and recognised by their delivery ids: a crash before their outcomes must not skip them.
 */
export function rewind(range: QueueRange, offset: number): void {
  range.answered = collectAnswered(range)
  range.from = Math.min(offset, firstUnanswered(range) ?? offset)
  range.taken = new OffsetTracker()
}

/** Offset of the first record without an outcome; null until a record's offset is known. */
export function firstUnanswered({ from, taken }: QueueRange): number | null {
  return from === null || taken.isEmpty ? from : Math.min(from, taken.watermark ?? from)
}

/** Records after the first one without an outcome that have one. Records of other queues between them count as such. */
export function collectAnswered({ from, taken, answered }: QueueRange): OffsetRuns {
  const all = new OffsetRuns()
  for (const [start, end] of answered) all.add(start, end)
  if (from === null || taken.isEmpty) return all
  const unfinished = taken.unfinished()
  for (const [index, offset] of unfinished.entries()) all.add(offset + 1, unfinished[index + 1] ?? from)
  return all
}

/** Whether all records have been taken; some may still be on their way to the receiver. */
export function isCaughtUp({ from, last, writing, behind }: QueueRange): boolean {
  return writing === 0 && from !== null && from > last && behind === null
}
