import type { Delivery } from '../../domain/delivery/delivery.ts'
import type { Found } from '../records/newest-first.ts'
import { findPartitionRange, type Reader, readOwn, type TopicSource } from '../records/webhook-records.ts'

/** Maximum offsets of the partition read for one answer: as for a page of a list. */
const mostOffsets = 24_000
const slice = 1_500

export type WantedDeliveries = {
  webhookId: string
  businessId: string
  /** First offset to read; null for none but those from now on. */
  from: number | null
  limit: number
}

/** @param next `from` of the next answer. */
export type NewDeliveries = { found: Found<Delivery>[]; next: number }

/** Reads a webhook's notifications in the order in which they were made. The work is bounded, however rare they are. */
export async function readNewDeliveries(
  reader: Reader,
  source: TopicSource<Delivery>,
  { webhookId, businessId, from, limit }: WantedDeliveries,
): Promise<NewDeliveries> {
  const { partition, low, high } = await findPartitionRange(reader, source.topic, webhookId)
  // A cursor beyond the end is of a topic that has been created again.
  if (from === null || from > high) return { found: [], next: high }
  const found: Found<Delivery>[] = []
  let next = Math.max(from, low)
  const stop = Math.min(high, next + mostOffsets)
  while (next < stop && found.length < limit) {
    const range = { webhookId, partition, from: next, to: Math.min(stop, next + slice) }
    await readOwn(reader, source, range, (value, { offset }) => {
      if (value.businessId === businessId && found.length < limit) found.push({ partition, offset, value })
    })
    const last = found.at(-1)
    next = last && found.length === limit ? last.offset + 1 : range.to
  }
  return { found, next }
}
