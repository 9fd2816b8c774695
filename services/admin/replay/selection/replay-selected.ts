import { endianness } from 'node:os'
import type { Delivery } from '../../../domain/delivery/delivery.ts'
import { free, grown, IdTable } from '../id-table.ts'
import type { RecordPlace } from '../replay-topics.ts'

/** A notification to send again. givenUpAt: when it was given up last; null if it was not, or was delivered since. */
export type SelectedDelivery = { delivery: Delivery; givenUpAt: number | null }

/** The topics that hold whole notifications. */
export type WholeSource = 'deliveries' | 'replays' | 'deadLetters'

/** Reads the notifications at the wanted offsets of a source, in the range from <= offset < to. */
export type ReadWhole<Source> = (
  source: Source,
  range: { from: number; to: number },
  wanted: (offset: number) => boolean,
  onDelivery: (delivery: Delivery, offset: number) => void,
) => Promise<void>

/**
 * Maximum notifications, and their bytes, in memory at a time. Larger chunks outlive two scavenges, and then their buffers
 * stay until the old generation is marked: with 5,000 and 8 MB, a replay of half a million took 17 MB more.
 */
const chunkBytes = 2 * 1024 * 1024
const chunkLength = 1_250
/** Values of a number, which has 20 bits of a key, of the 12 bits of a time beside it, and the latest time (year 2527). */
const numbers = 2 ** 20
const timesOfHalf = 2 ** 12
const latestTime = 2 ** 44 - 1

/**
 * Positions of the selected notifications, 24 bytes each, and 8 for those that were given up. A second pass reads the notifications in chunks.
 * Source: what an offset belongs to, such as a topic.
 */
export class Selected<Source> implements Disposable {
  readonly #sources = new Map<Source, number>()
  #offsets = new Float64Array(1_024)
  #createdAt = new Float64Array(1_024)
  #bytes = new Uint32Array(1_024)
  #sourceNumbers = new Uint32Array(1_024)
  /** Times of giving up; 0 for none. The column ends at the last notification that has one. */
  #givenUpAt = new Float64Array(0)
  #size = 0
  readonly #contacts = new IdTable()

  get size(): number {
    return this.#size
  }

  /** Number of contacts that the notifications are of. */
  get contacts(): number {
    return this.#contacts.size
  }

  add(
    source: Source,
    { contactId, createdAt }: Pick<Delivery, 'contactId' | 'createdAt'>,
    { offset, bytes }: RecordPlace,
    givenUpAt: number | null = null,
  ): void {
    this.#contacts.add(contactId)
    const number = this.#size++
    this.#offsets = grown(this.#offsets, this.#size)
    this.#createdAt = grown(this.#createdAt, this.#size)
    this.#bytes = grown(this.#bytes, this.#size)
    this.#sourceNumbers = grown(this.#sourceNumbers, this.#size)
    this.#offsets[number] = offset
    this.#createdAt[number] = createdAt
    this.#bytes[number] = bytes
    const sourceNumber = this.#sources.get(source) ?? this.#sources.size
    this.#sources.set(source, sourceNumber)
    this.#sourceNumbers[number] = sourceNumber
    if (givenUpAt === null) return
    this.#givenUpAt = grown(this.#givenUpAt, this.#size)
    this.#givenUpAt[number] = givenUpAt
  }

  /**
   * All selected notifications, oldest first, in chunks of at most 1,250 notifications and 2 MB. Notifications of one contact
   * keep their order; for equal times it is that of the topic. Those that the topic has deleted meanwhile are left out.
   */
  async *chunks(readWhole: ReadWhole<Source>): AsyncGenerator<SelectedDelivery[]> {
    const order = this.#oldestFirst()
    for (let from = 0; from < order.length; ) {
      const to = this.#endOfChunk(order, from)
      yield await this.#read(order.subarray(from, to), readWhole)
      from = to
    }
  }

  [Symbol.dispose](): void {
    this.#size = 0
    this.#contacts[Symbol.dispose]()
    free(this.#offsets, this.#createdAt, this.#bytes, this.#sourceNumbers, this.#givenUpAt)
  }

  /**
   * Numbers by time, then by number. They are sorted as integers that hold the time, in milliseconds, above the number: with
   * a comparison function half a million take several times as long, in which the event loop stands still.
   */
  #oldestFirst(): Uint32Array {
    const keys = new BigUint64Array(this.#size)
    // Written and read by halves, without a BigInt for each.
    const halves = new Uint32Array(keys.buffer)
    const [low, high] = endianness() === 'LE' ? [0, 1] : [1, 0]
    for (let number = 0; number < this.#size; number++) {
      const time = Math.min(Math.max(0, this.#createdAt[number] ?? 0), latestTime)
      halves[2 * number + low] = (time % timesOfHalf) * numbers + number
      halves[2 * number + high] = Math.floor(time / timesOfHalf)
    }
    keys.sort()
    const order = new Uint32Array(this.#size)
    for (let rank = 0; rank < this.#size; rank++) order[rank] = (halves[2 * rank + low] ?? 0) % numbers
    free(keys)
    return order
  }

  #endOfChunk(order: Uint32Array, from: number): number {
    let bytes = 0
    let to = from
    for (; to < order.length && to - from < chunkLength; to++) {
      bytes += this.#bytes[order[to] ?? 0] ?? 0
      if (to > from && bytes > chunkBytes) break
    }
    return to
  }

  async #read(chunk: Uint32Array, readWhole: ReadWhole<Source>): Promise<SelectedDelivery[]> {
    const found: (Delivery | undefined)[] = Array.from(chunk, () => undefined)
    for (const [source, sourceNumber] of this.#sources) {
      const rankById = new Map<number, number>()
      for (const [rank, number] of chunk.entries())
        if (this.#sourceNumbers[number] === sourceNumber) rankById.set(this.#offsets[number] ?? 0, rank)
      if (rankById.size === 0) continue
      const offsets = [...rankById.keys()]
      const first = offsets.reduce((least, offset) => Math.min(least, offset))
      const last = offsets.reduce((most, offset) => Math.max(most, offset))
      const wanted = (offset: number) => rankById.has(offset)
      await readWhole(source, { from: first, to: last + 1 }, wanted, (delivery, offset) => {
        found[rankById.get(offset) ?? 0] = delivery
      })
    }
    return found.flatMap((delivery, rank) =>
      delivery ? [{ delivery, givenUpAt: this.#givenUpAt[chunk[rank] ?? 0] || null }] : [],
    )
  }
}
