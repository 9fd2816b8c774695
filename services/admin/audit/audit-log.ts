import type { Decode } from '../../platform/avro/codec.ts'
import { OrderedDecoder } from '../../platform/avro/ordered-decoder.ts'
import type { RangeReader } from '../../platform/kafka/readers/range-reader.ts'
import { unreadReporter } from '../../platform/kafka/readers/table.ts'
import { describePosition } from '../../platform/kafka/readers/tail.ts'
import type { WaitContext } from '../../platform/runtime/retry-until.ts'
import { clockSkewMs } from '../records/webhook-records.ts'
import type { AuditEntry } from './audit-entry.ts'

/** Entries that are wanted; all of the business by default. Times are milliseconds since the epoch. */
export type WantedEntries = {
  webhookId?: string | undefined
  /** Part of the subject, whatever its case. */
  subject?: string | undefined
  sinceMs?: number | undefined
  untilMs?: number | undefined
}

export type AuditPage = { entries: AuditEntry[]; nextCursor?: string }

/** webhook-audit has one partition, so that all changes are in one order. */
const partition = 0
/** Offsets read at a time, and at most for one page. A business with few entries may get a shorter page. */
const sliceOffsets = 1_000
const maxSlices = 20

type Slice = { offset: number; entry: AuditEntry }[]

/** Reads webhook-audit from its end, directly from Kafka. Keeps nothing in memory. */
export class AuditLog {
  readonly #reader: Pick<RangeReader, 'read' | 'ends' | 'offsetsAt'>
  readonly #topic: string
  readonly #decode: Decode<AuditEntry>
  readonly #context: Pick<WaitContext, 'readiness' | 'log'>

  constructor(
    reader: Pick<RangeReader, 'read' | 'ends' | 'offsetsAt'>,
    topic: string,
    decode: Decode<AuditEntry>,
    context: Pick<WaitContext, 'readiness' | 'log'>,
  ) {
    this.#reader = reader
    this.#topic = topic
    this.#decode = decode
    this.#context = context
  }

  /**
   * Entries of a business, newest first. An entry that was written twice is returned once.
   * @param before reads entries below this offset; null from the end.
   */
  async page(businessId: string, limit: number, before: number | null, filter: WantedEntries = {}): Promise<AuditPage> {
    const { low: first, high } = await this.#ends()
    const low = filter.sinceMs === undefined ? first : Math.max(first, await this.#offsetAt(filter.sinceMs, high))
    let end = Math.min(before ?? high, high)
    const found: Slice = []
    const seen = new Set<string>()
    for (let count = 0; count < maxSlices && end > low && found.length <= limit; count++) {
      const from = Math.max(low, end - sliceOffsets)
      for (const { offset, entry } of (await this.#read(from, end)).toReversed()) {
        if (entry.businessId !== businessId || !isWanted(entry, filter) || seen.has(entry.id)) continue
        seen.add(entry.id)
        found.push({ offset, entry })
      }
      end = from
    }
    const shown = found.slice(0, limit)
    const isCut = found.length > shown.length
    const entries = shown.map(({ entry }) => entry)
    if (!isCut && end <= low) return { entries }
    return { entries, nextCursor: String(isCut ? (shown.at(-1)?.offset ?? end) : end) }
  }

  /** Ids of all entries from this offset on. */
  async idsSince(offset: number): Promise<Set<string>> {
    const { high } = await this.#ends()
    return new Set((await this.#read(offset, high)).map(({ entry }) => entry.id))
  }

  async #read(from: number, to: number): Promise<Slice> {
    const slice: Slice = []
    const decoder = new OrderedDecoder(this.#decode)
    await this.#reader.read(this.#topic, partition, from, to, (record) => {
      const { offset, value } = record
      const unread = unreadReporter(record, describePosition(record), this.#context)
      if (value) decoder.push(value, (entry) => slice.push({ offset, entry }), unread)
    })
    await decoder.done()
    return slice
  }

  /** Offset from which on entries of this time can be; they are written after their time. */
  async #offsetAt(timeMs: number, none: number): Promise<number> {
    return (await this.#reader.offsetsAt(this.#topic, timeMs - clockSkewMs)).get(partition) ?? none
  }

  async #ends(): Promise<{ low: number; high: number }> {
    const [end] = await this.#reader.ends(this.#topic)
    return end ?? { low: 0, high: 0 }
  }
}

function isWanted(entry: AuditEntry, { webhookId, subject, sinceMs, untilMs }: WantedEntries): boolean {
  return (
    (webhookId === undefined || entry.webhookId === webhookId) &&
    (subject === undefined || entry.subject.toLowerCase().includes(subject.toLowerCase())) &&
    (sinceMs === undefined || entry.at >= sinceMs) &&
    (untilMs === undefined || entry.at < untilMs)
  )
}
