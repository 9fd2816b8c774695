import type { Codec, Decode } from '../../platform/avro/codec.ts'
import { OrderedDecoder } from '../../platform/avro/ordered-decoder.ts'
import type { ConsumedRecord } from '../../platform/kafka/consumer.ts'
import { choosePartition } from '../../platform/kafka/key-partition.ts'
import type { RangeReader } from '../../platform/kafka/readers/range-reader.ts'
import type { Topic } from '../../topics/map.ts'
import { readSchema } from '../../topics/schemas.ts'
import type { TopicUse } from '../../topics/topic-use.ts'

/** Reading one webhook's own records out of a topic: their key is its id, so they are all in one partition, in order. */

/** How far another machine's clock may be off: records are looked for from this much earlier on. */
export const clockSkewMs = 60_000

export type Reader = Pick<RangeReader, 'read' | 'ends' | 'offsetsAt'>

/** A topic whose records carry the webhook's id as their key. */
export type TopicSource<T> = { topic: string; decode: Decode<T> }

/** Where a webhook's records stand in a topic: offsets from low on, before high. */
export type PartitionRange = { partition: number; low: number; high: number }

/** The offsets from `from` on, before `to`. */
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
 * Resolves when onValue has been called for each of the webhook's records in the range that can be decoded, in order.
 * @param wanted whether a record is to be decoded at all. @param onEmpty called with records without a value, anybody's.
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
    // It stands in the dead letters: stats-aggregator or dispatcher has met it.
    decoder.push(value, (decoded) => onValue(decoded, place), ignore)
  })
  await decoder.done()
}

function ignore(): void {}
