import {
  maxCommitMetadataBytes,
  maxPackedBytes,
  packMetadata,
  unpackMetadata,
} from '../../../platform/commit-metadata.ts'
import { BitReader, BitWriter, bestOrder, golombBits, orderBits } from './golomb.ts'
import { OffsetRuns } from './offset-runs.ts'

/**
 * The offset map: offsets above a commit that are already finished, packed into the commit's metadata, so that the
 * next owner of the partition does not send them again.
 *
 * It holds the lengths of the runs of unfinished and finished offsets in turn, as exponential Golomb codes with the
 * order that suits each side. This is short for every pattern that occurs: a few slow webhooks between fast ones cost
 * about as much as deltas of the unfinished ones in bytes, whole runs a few bits, and random outcomes 1.2 bits an offset
 * where a bitmap takes one. Bytes after the runs are ignored.
 */

/** Maximum bytes of metadata in a commit (Kafka's `offset.metadata.max.bytes`), less the id of its log. */
export const maxMetadataBytes = maxCommitMetadataBytes

/**
 * Maximum unfinished offsets, far above what is held in memory: a short damaged run must not expand into an endless
 * list.
 */
const maxUnfinished = 1_000_000

export type OffsetMap = {
  /** Whether an offset need not be sent: it is below the commit, or finished and below next. */
  finished(offset: number): boolean
  /** One after the last offset that the map covers. */
  next: number
  /** Unfinished offsets, ascending, from the commit on. */
  unfinished: number[]
}

/**
 * Encodes the map. Offsets that do not exist (compaction, control records) are in no list, and so count as finished.
 * @param watermark the offset committed with it: the lowest unfinished one, or next.
 * @param unfinished ascending, not below watermark, below next.
 * @param next one after the last offset taken.
 * @returns metadata for the commit, ASCII; null when it would be longer than maxMetadataBytes.
 * @throws RangeError when the arguments contradict each other: a bug of the caller.
 */
export function encodeOffsetMap(watermark: number, unfinished: readonly number[], next: number): string | null {
  if (unfinished.length > maxUnfinished) return null
  const content = encodeRuns(toRuns(watermark, unfinished, next), maxPackedBytes)
  return content && packMetadata(watermark, content)
}

/**
 * Encodes finished offsets, without a limit of the length.
 * @param from not above any of them.
 * @returns null when there are none.
 */
export function encodeFinished(from: number, finished: OffsetRuns): string | null {
  const lengths: number[] = []
  let position = from
  for (const [start, end] of finished) {
    lengths.push(start - position, end - start)
    position = end
  }
  const content = lengths.length === 0 ? null : encodeRuns(lengths, Number.POSITIVE_INFINITY)
  return content && packMetadata(from, content)
}

/** @returns what encodeFinished was given; null when the text is damaged or of another version or offset. */
export function decodeFinished(text: string, from: number): OffsetRuns | null {
  const lengths = decodeRuns(unpackMetadata(from, text, Number.POSITIVE_INFINITY))
  if (lengths === null) return null
  const finished = new OffsetRuns()
  let position = from
  lengths.forEach((length, index) => {
    if (index % 2 === 1) finished.add(position, position + length)
    position += length
  })
  return Number.isSafeInteger(position) ? finished : null
}

/**
 * Packs lengths of unfinished and finished runs in turn. Only the first can be 0, so the others are stored less 1.
 * @returns null when that takes more bytes than `most`.
 */
function encodeRuns(lengths: readonly number[], most: number): Buffer | null {
  if (lengths.length > most * 8) return null
  const runs = lengths.map((length, index) => (index === 0 ? length : length - 1))
  const orders = [0, 1].map((side) => bestOrder(runs.filter((_run, index) => index % 2 === side)))
  let bits = 2 * orderBits + golombBits(runs.length)
  runs.forEach((run, index) => {
    bits += golombBits(run, orders[index % 2])
  })
  const contentBytes = Math.ceil(bits / 8)
  if (contentBytes > most) return null

  const content = Buffer.alloc(contentBytes)
  const writer = new BitWriter(content)
  for (const order of orders) writer.write(order, orderBits)
  writer.writeGolomb(runs.length)
  runs.forEach((run, index) => {
    writer.writeGolomb(run, orders[index % 2])
  })
  return content
}

/**
 * @param metadata of the commit, written by any client.
 * @param committedOffset the offset that it was committed with.
 * @returns null when it is empty, damaged, of another version or another offset: then nothing counts as finished.
 */
export function decodeOffsetMap(metadata: string, committedOffset: number): OffsetMap | null {
  const lengths = decodeRuns(unpackMetadata(committedOffset, metadata))
  if (lengths === null) return null
  const unfinished: number[] = []
  let next = committedOffset
  for (const [index, length] of lengths.entries()) {
    if (index % 2 === 0) {
      if (unfinished.length + length > maxUnfinished) return null
      for (let i = 0; i < length; i++) unfinished.push(next + i)
    }
    next += length
  }
  if (!Number.isSafeInteger(next)) return null
  const open = new Set(unfinished)
  return { finished: (offset) => offset < next && !open.has(offset), next, unfinished }
}

/** @returns the lengths of unfinished and finished runs in turn; null when they are damaged. */
function decodeRuns(content: Buffer | null): number[] | null {
  if (content === null) return null
  const reader = new BitReader(content)
  const orders = [reader.read(orderBits), reader.read(orderBits)]
  const runs = reader.readGolomb()
  const lengths: number[] = []
  for (let run = 0; run < runs && !reader.exhausted; run++)
    lengths.push(reader.readGolomb(orders[run % 2]) + (run === 0 ? 0 : 1))
  return reader.exhausted ? null : lengths
}

/** Lengths of unfinished and finished runs in turn, from watermark to next. */
function toRuns(watermark: number, unfinished: readonly number[], next: number): number[] {
  const runs: number[] = [0]
  let position = watermark
  for (const offset of unfinished) {
    if (offset < position || !(offset < next))
      throw new RangeError(`offset ${offset} is not in order or not below next`)
    if (offset > position) runs.push(offset - position, 0)
    runs[runs.length - 1] = (runs.at(-1) ?? 0) + 1
    position = offset + 1
  }
  if (position > next) throw new RangeError(`next ${next} is below the watermark ${watermark}`)
  if (position < next) runs.push(next - position)
  return runs
}
