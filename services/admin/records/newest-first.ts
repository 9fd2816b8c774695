import { findPartitionRange, type OffsetRange, type Reader, readOwn, type TopicSource } from './webhook-records.ts'

export type Found<T> = { partition: number; offset: number; value: T }

export type WantedRecords<T> = {
  webhookId: string
  matches: (value: T) => boolean
  limit: number
  /** Reads records before this offset; null from the end. */
  before: number | null
  /** Reads records with a time from sinceMs up to untilMs, in milliseconds since the epoch; null for no limit. */
  sinceMs: number | null
  untilMs: number | null
}

export type RecordPage<T> = {
  /** Newest first. */
  found: Found<T>[]
  /** `before` of the next page; null if there is nothing older. A short page may still have a next one. */
  next: number | null
  /** Offset down to which records were read: `before` of a later read that goes further back than this one's sinceMs. */
  readTo: number
}

/** Maximum offsets of the partition read for one page: about 10 MB, in a fraction of a second. */
const mostOffsets = 24_000
const firstSlice = 1_500

/** Reads one page of a webhook's records backwards from the topic. The work is bounded, however rare the records are. */
export async function readNewestFirst<T>(
  reader: Reader,
  source: TopicSource<T>,
  wanted: WantedRecords<T>,
): Promise<RecordPage<T>> {
  const { webhookId, limit, before, sinceMs, untilMs } = wanted
  const { partition, low: first, high } = await findPartitionRange(reader, source.topic, webhookId)
  const atTime = async (timeMs: number, none: number) =>
    (await reader.offsetsAt(source.topic, timeMs)).get(partition) ?? none
  const low = sinceMs === null ? first : Math.max(first, await atTime(sinceMs, first))
  const end = untilMs === null ? high : Math.min(high, await atTime(untilMs, high))
  let to = Math.min(before ?? end, end)
  const stop = Math.max(low, to - mostOffsets)
  const found: Found<T>[] = []
  for (let slice = firstSlice; to > stop && found.length <= limit; slice *= 4) {
    const from = Math.max(stop, to - slice)
    // One record more than the page holds shows whether there are more.
    const most = limit + 1 - found.length
    const some = await readSlice(reader, source, { webhookId, partition, from, to }, wanted.matches, most)
    found.push(...some.reverse())
    to = from
  }
  if (found.length > limit) {
    found.length = limit
    const last = found.at(-1)?.offset ?? to
    return { found, next: last, readTo: last }
  }
  return { found, next: to > low ? to : null, readTo: to }
}

/** The newest wanted records, oldest first. */
async function readSlice<T>(
  reader: Reader,
  source: TopicSource<T>,
  range: OffsetRange,
  matches: (value: T) => boolean,
  most: number,
): Promise<Found<T>[]> {
  const { partition } = range
  const found: Found<T>[] = []
  await readOwn(reader, source, range, (value, { offset }) => {
    if (!matches(value)) return
    found.push({ partition, offset, value })
    if (found.length > most) found.shift()
  })
  return found
}

/** Record at an offset; undefined if it is gone, has another key, or cannot be read. */
export async function readOne<T>(
  reader: Reader,
  source: TopicSource<T>,
  webhookId: string,
  partition: number,
  offset: number,
): Promise<T | undefined> {
  const place = await findPartitionRange(reader, source.topic, webhookId)
  if (partition !== place.partition) return undefined
  let found: T | undefined
  await readOwn(reader, source, { webhookId, partition, from: offset, to: offset + 1 }, (value) => {
    found = value
  })
  return found
}
