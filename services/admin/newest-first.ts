import type { Decode } from '../platform/codec.ts'
import { partitionOfKey } from '../platform/kafka/key-partition.ts'
import type { RangeReader } from '../platform/kafka/range-reader.ts'
import { OrderedDecoder } from '../platform/ordered-decoder.ts'

export type Reader = Pick<RangeReader, 'read' | 'ends' | 'offsetsAt'>

/** A topic whose records carry the webhook's id as their key. */
export type Source<T> = { topic: string; decode: Decode<T> }

export type Found<T> = { partition: number; offset: number; value: T }

export type Wanted<T> = {
  webhookId: string
  matches: (value: T) => boolean
  limit: number
  /** Records before this offset; null: up to the end. */
  before: number | null
  /** Records that Kafka got from this time on and before the other, milliseconds since the epoch; null: all. */
  sinceMs: number | null
  untilMs: number | null
}

export type Page<T> = {
  /** Newest first. */
  found: Found<T>[]
  /** `before` of the next page; null when there is nothing older. There may be a next page though little was found. */
  next: number | null
}

/** Offsets of the partition that one page looks at, at most: about 10 MB, in a fraction of a second. */
const mostOffsets = 24_000
const firstSlice = 1_500

/** One page of a webhook's records, read backwards from the topic itself: bounded work, however rare what is looked for. */
export async function readNewestFirst<T>(reader: Reader, source: Source<T>, wanted: Wanted<T>): Promise<Page<T>> {
  const { webhookId, limit, before, sinceMs, untilMs } = wanted
  const ends = await reader.ends(source.topic)
  const partition = partitionOfKey(webhookId, ends.length)
  const { low: first = 0, high = 0 } = ends[partition] ?? {}
  const atTime = async (timeMs: number, none: number) =>
    (await reader.offsetsAt(source.topic, timeMs)).get(partition) ?? none
  const low = sinceMs === null ? first : Math.max(first, await atTime(sinceMs, first))
  const end = untilMs === null ? high : Math.min(high, await atTime(untilMs, high))
  let to = Math.min(before ?? end, end)
  const stop = Math.max(low, to - mostOffsets)
  const found: Found<T>[] = []
  for (let slice = firstSlice; to > stop && found.length <= limit; slice *= 4) {
    const from = Math.max(stop, to - slice)
    // One more than the page holds tells whether there are more.
    const some = await readSlice(reader, source, wanted, { partition, from, to, most: limit + 1 - found.length })
    found.push(...some.reverse())
    to = from
  }
  if (found.length > limit) {
    found.length = limit
    return { found, next: found.at(-1)?.offset ?? null }
  }
  return { found, next: to > low ? to : null }
}

/** The newest of what is wanted, oldest first. */
async function readSlice<T>(
  reader: Reader,
  { topic, decode }: Source<T>,
  { webhookId, matches }: Wanted<T>,
  { partition, from, to, most }: { partition: number; from: number; to: number; most: number },
): Promise<Found<T>[]> {
  const key = Buffer.from(webhookId)
  const found: Found<T>[] = []
  const decoder = new OrderedDecoder(decode)
  await reader.read(topic, partition, from, to, (record) => {
    if (!record.value || !record.key?.equals(key)) return
    decoder.push(record.value, (value) => {
      if (!matches(value)) return
      found.push({ partition, offset: record.offset, value })
      if (found.length > most) found.shift()
    })
  })
  await decoder.done()
  return found
}

/** The record at an offset; undefined when it is not there any more, is another key's, or cannot be read. */
export async function readOne<T>(
  reader: Reader,
  { topic, decode }: Source<T>,
  webhookId: string,
  partition: number,
  offset: number,
): Promise<T | undefined> {
  const ends = await reader.ends(topic)
  if (partition !== partitionOfKey(webhookId, ends.length)) return undefined
  const key = Buffer.from(webhookId)
  let found: T | undefined
  const decoder = new OrderedDecoder(decode)
  await reader.read(topic, partition, offset, offset + 1, (record) => {
    if (!record.value || !record.key?.equals(key)) return
    decoder.push(record.value, (value) => {
      found = value
    })
  })
  await decoder.done()
  return found
}
