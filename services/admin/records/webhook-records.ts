import type { Codec, Decode } from '../../platform/avro/codec.ts'
import { OrderedDecoder } from '../../platform/avro/ordered-decoder.ts'
import type { ConsumedRecord } from '../../platform/kafka/consumer.ts'
import { choosePartition } from '../../platform/kafka/partitioning/key-partition.ts'
import type { RangeReader } from '../../platform/kafka/readers/range-reader.ts'
import { readSchema } from '../../topics/schemas.ts'
import type { Topic } from '../../topics/topic-map.ts'
import type { TopicUse } from '../../topics/topic-use.ts'

/** Reads the records of one webhook from a topic. Their key is its id, so they are in one partition, in order. */

/** Maximum difference between clocks: a search begins this much earlier. */
export const clockSkewMs = 60_000

export type Reader = Pick<RangeReader, 'read' | 'ends' | 'offsetsAt'>

/** A topic whose records have the webhook's id as key. */
export type TopicSource<T> = { topic: string; decode: Decode<T> }

/** Partition of a webhook's records, with offsets from low up to, but not including, high. */
export type PartitionRange = { partition: number; low: number; high: number }

/** Offsets from `from` up to, but not including, `to`. */
export type OffsetRange = { webhookId: string; partition: number; from: number; to: number }

export function openTopicSource<T>(codec: Codec, use: TopicUse, topic: Topic): TopicSource<T> {
  return { topic: use.read(topic), decode: codec.decoder<T>(readSchema(topic)) }
}

export async function findPartitionRange(
  reader: Pick<Reader, 'ends'>,
  topic: string,
  webhookId: string,
): Promise<PartitionRange> {
  const ends = await reader.ends(topic)
  const partition = choosePartition(webhookId, ends.length)
  const { low = 0, high = 0 } = ends[partition] ?? {}
  return { partition, low, high }
}

/**
 * Calls onValue for each record of the webhook in the range that can be decoded, in order.
 * @param wanted whether to decode a record. @param onEmpty called with records without a value, of any webhook.
 */
export async function readOwn<T>(
  reader: Pick<Reader, 'read'>,
  { topic, decode }: TopicSource<T>,
  { webhookId, partition, from, to }: OffsetRange,
  onValue: (value: T, place: { offset: number; bytes: number }) => void,
  wanted: (offset: number) => boolean = () => true,
  onEmpty?: (record: ConsumedRecord) => void,
): Promise<void> {
  const own = Buffer.from(webhookId)
  const decoder = new OrderedDecoder(decode)
  await reader.read(topic, partition, from, to, (record) => {
    const { key, value, offset } = record
    if (!value) onEmpty?.(record)
    if (!value || !key?.equals(own) || !wanted(offset)) return
    const place = { offset, bytes: value.length }
    // stats-aggregator or dispatcher has made it a dead letter.
    decoder.push(value, (decoded) => onValue(decoded, place), ignore)
  })
  await decoder.done()
}

function ignore(): void {}
