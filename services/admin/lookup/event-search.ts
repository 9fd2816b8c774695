import { recordTimeMs } from '../../domain/definition/record-time.ts'
import type { Event } from '../../domain/event/event.ts'
import { OrderedDecoder } from '../../platform/avro/ordered-decoder.ts'
import type { Reader, TopicSource } from '../records/webhook-records.ts'

/** An event of a business, with its position in Kafka. */
export type FoundEvent = { event: Event; type: Event['type']; partition: number; offset: number; publishedAtMs: number }

export type EventPosition = Pick<FoundEvent, 'type' | 'partition' | 'offset'>

/** Position at which a search continues. Times are milliseconds since the epoch. */
export type SearchStart = {
  beforeMs: number
  /**
   * Start of the period in which the previous page ended, and the last event shown of it; null if the page ended with a
   * period.
   */
  within: { fromMs: number; after: SortedEvent } | null
}

type SortedEvent = EventPosition & { publishedAtMs: number }

export type EventSources = Record<Event['type'], TopicSource<Event>>

export type WantedEventsOf = {
  businessId: string
  matches: (event: Event) => boolean
  limit: number
  start: SearchStart
  sinceMs: number
}

export type FoundEvents = {
  /** Events found, newest first. */
  events: FoundEvent[]
  searchedBackToMs: number
  /** Start of the next page; null if there is nothing older. */
  next: SearchStart | null
}

/** Maximum records, of all businesses, that are read for one page; reading them takes a few seconds. */
const mostRecords = 200_000
/** Length of the first period that is searched; each earlier one is four times as long as the one before. */
const firstPeriodMs = 10 * 60_000
const growth = 4
/** Shortest period that is split: a shorter one is read however many records it has. */
const shortestPeriodMs = 1_000

type Ranges = { source: TopicSource<Event>; type: Event['type']; partition: number; from: number; to: number }[]

/**
 * Finds the newest matching events of a business, period by period, from the newest back. Periods are cut by time, so
 * that successive pages need no position in each partition: a period covers the offsets from the first record at or
 * after its start to the first one at or after its end.
 */
export async function findEvents(reader: Reader, sources: EventSources, wanted: WantedEventsOf): Promise<FoundEvents> {
  const { limit, start, sinceMs } = wanted
  const found: FoundEvent[] = []
  let { beforeMs: endMs, within } = start
  let [periodMs, left] = [within ? endMs - within.fromMs : firstPeriodMs, mostRecords]
  while (endMs > sinceMs && found.length < limit && left > 0) {
    const startMs = Math.max(sinceMs, endMs - periodMs)
    const ranges = await findRanges(reader, sources, startMs, endMs)
    const size = ranges.reduce((sum, { from, to }) => sum + to - from, 0)
    if (size > left && !within && endMs - startMs > shortestPeriodMs) {
      periodMs = Math.max(shortestPeriodMs, Math.floor((endMs - startMs) / growth))
      continue
    }
    if (size > left && left < mostRecords) break
    const room = limit - found.length
    const isNext = within ? isAfter(within.after) : () => true
    const inPeriod = await readEvents(reader, ranges, { ...wanted, isNext, limit: room })
    found.push(...inPeriod.slice(0, room))
    const last = found.at(-1)
    if (last && inPeriod.length > room) {
      const { type, partition, offset, publishedAtMs } = last
      const after = { type, partition, offset, publishedAtMs }
      return {
        events: found,
        searchedBackToMs: publishedAtMs,
        next: { beforeMs: endMs, within: { fromMs: startMs, after } },
      }
    }
    left -= size
    endMs = size === 0 && (await isAtStart(reader, sources, startMs)) ? sinceMs : startMs
    periodMs *= growth
    within = null
  }
  return { events: found, searchedBackToMs: endMs, next: endMs > sinceMs ? { beforeMs: endMs, within: null } : null }
}

/** Reads one event; undefined if it is gone, cannot be read or belongs to another business. */
export async function readEvent(
  reader: Reader,
  sources: EventSources,
  businessId: string,
  { type, partition, offset }: EventPosition,
): Promise<FoundEvent | undefined> {
  const source = sources[type]
  const ends = await reader.ends(source.topic)
  if (partition >= ends.length) return undefined
  const range = { source, type, partition, from: offset, to: offset + 1 }
  const [found] = await readEvents(reader, [range], { ...any, businessId, limit: 1 })
  return found
}

const any = { matches: () => true, isNext: () => true }

async function findRanges(reader: Reader, sources: EventSources, startMs: number, endMs: number): Promise<Ranges> {
  const ofSource = async (type: Event['type']) => {
    const source = sources[type]
    const [starts, ends] = await Promise.all([
      reader.offsetsAt(source.topic, startMs),
      reader.offsetsAt(source.topic, endMs),
    ])
    return [...starts].map(([partition, from]) => ({ source, type, partition, from, to: ends.get(partition) ?? from }))
  }
  const ranges = (await Promise.all([ofSource('message'), ofSource('status')])).flat()
  return ranges.filter(({ from, to }) => from < to)
}

/** Whether no event is older than the time. */
async function isAtStart(reader: Reader, sources: EventSources, timeMs: number): Promise<boolean> {
  const ofSource = async ({ topic }: TopicSource<Event>) => {
    const [ends, starts] = await Promise.all([reader.ends(topic), reader.offsetsAt(topic, timeMs)])
    return ends.every(({ partition, low }) => (starts.get(partition) ?? low) <= low)
  }
  return (await Promise.all(Object.values(sources).map(ofSource))).every(Boolean)
}

/** The newest matching events of the ranges, newest first: at most one more than the limit. */
async function readEvents(
  reader: Reader,
  ranges: Ranges,
  {
    businessId,
    matches,
    isNext,
    limit,
  }: Pick<WantedEventsOf, 'businessId' | 'matches' | 'limit'> & {
    isNext: (event: SortedEvent) => boolean
  },
): Promise<FoundEvent[]> {
  const own = Buffer.from(businessId)
  const found: FoundEvent[] = []
  await Promise.all(
    ranges.map(async ({ source, type, partition, from, to }) => {
      const decoder = new OrderedDecoder(source.decode)
      await reader.read(source.topic, partition, from, to, ({ value, offset, timestampMs }) => {
        // Avro stores texts unchanged, so records of other businesses can be skipped without decoding.
        if (!value?.includes(own)) return
        const take = (event: Event) => {
          const publishedAtMs = recordTimeMs(timestampMs)
          const position = { type, partition, offset, publishedAtMs }
          if (event.event.businessId !== businessId || !isNext(position) || !matches(event)) return
          found.push({ event, ...position })
          if (found.length > 2 * (limit + 1)) keepNewest(found, limit + 1)
        }
        decoder.push(value, take, ignore)
      })
      await decoder.done()
    }),
  )
  keepNewest(found, limit + 1)
  return found
}

function keepNewest(found: FoundEvent[], count: number): void {
  found.sort(compareEvents)
  found.length = Math.min(found.length, count)
}

/**
 * Order of results: newest first; events with the same time by position, so that pages are cut the same way each time.
 */
function compareEvents(a: SortedEvent, b: SortedEvent): number {
  if (a.publishedAtMs !== b.publishedAtMs) return b.publishedAtMs - a.publishedAtMs
  if (a.type !== b.type) return a.type < b.type ? 1 : -1
  if (a.partition !== b.partition) return b.partition - a.partition
  return b.offset - a.offset
}

function isAfter(last: SortedEvent): (event: SortedEvent) => boolean {
  return (event) => compareEvents(event, last) > 0
}

/** The formatter has made it a dead letter. */
function ignore(): void {}
