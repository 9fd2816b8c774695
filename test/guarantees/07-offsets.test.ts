import { expect, test } from 'vitest'
import {
  decodeOffsetMap,
  encodeOffsetMap,
  maxMetadataBytes,
} from '../../services/dispatcher/engine/offsets/offset-map.ts'
import { OffsetTracker } from '../../services/dispatcher/engine/offsets/offset-tracker.ts'
import { figure } from '../support/figure.ts'
import { seeded } from '../support/simulation.ts'

const seed = Number(process.env.HOOKLINE_SEED ?? 7)
const orders = 100_000
const damages = 10_000

type Chance = () => number
const upTo = (random: Chance, most: number) => Math.floor(random() * most)

/** Offsets of a partition: ascending, sometimes with a gap. */
function offsetsOf(random: Chance, most: number): number[] {
  let offset = upTo(random, 2) === 0 ? upTo(random, 100) : upTo(random, 2 ** 50)
  return Array.from({ length: 1 + upTo(random, most) }, () => {
    const taken = offset
    offset += random() < 0.1 ? 1 + upTo(random, 50) : 1
    return taken
  })
}

function shuffled<T>(values: readonly T[], random: Chance): T[] {
  const result = [...values]
  for (let i = result.length - 1; i > 0; i--) {
    const other = upTo(random, i + 1)
    ;[result[i], result[other]] = [result[other] as T, result[i] as T]
  }
  return result
}

/** State at a commit: some offsets finished, some not, in patterns from scattered to whole runs. */
function commitOf(random: Chance): { watermark: number; unfinished: number[]; next: number; offsets: number[] } {
  const offsets = offsetsOf(random, random() < 0.004 ? 20_000 : 60)
  const stickiness = random()
  let done = false
  const unfinished = offsets.filter(() => {
    if (random() >= stickiness) done = random() < 0.5
    return !done
  })
  const next = (offsets.at(-1) ?? 0) + 1
  return { watermark: unfinished[0] ?? next, unfinished, next, offsets }
}

test(`in ${orders} random completion orders, the commit never exceeds the lowest unfinished offset`, () => {
  const random = seeded(seed)
  let checks = 0
  let beyond = 0
  let behind = 0
  for (let run = 0; run < orders; run++) {
    const tracker = new OffsetTracker()
    const slots = offsetsOf(random, 30).map((offset) => tracker.take(offset))
    const unfinished = new Set(slots.map((slot) => slot.offset))
    for (const slot of shuffled(slots, random)) {
      tracker.finish(slot)
      unfinished.delete(slot.offset)
      const lowest = Math.min(...unfinished, (slots.at(-1)?.offset ?? 0) + 1)
      const watermark = tracker.watermark ?? Number.POSITIVE_INFINITY
      checks++
      if (watermark > lowest) beyond++
      if (watermark < lowest) behind++
    }
  }
  figure(7, `${orders} completion orders, ${checks} commits: ${beyond} beyond the lowest unfinished, seed ${seed}`)
  expect({ beyond, behind }).toEqual({ beyond: 0, behind: 0 })
  expect(checks).toBeGreaterThan(orders)
})

test(`in ${orders} round trips, the offset map is unchanged and within ${maxMetadataBytes} bytes`, () => {
  const random = seeded(seed + 1)
  let longestBytes = 0
  let tooLong = 0
  let wrong = 0
  for (let run = 0; run < orders; run++) {
    const { watermark, unfinished, next, offsets } = commitOf(random)
    const metadata = encodeOffsetMap(watermark, unfinished, next)
    if (metadata === null) {
      tooLong++
      continue
    }
    longestBytes = Math.max(longestBytes, Buffer.byteLength(metadata))
    const map = decodeOffsetMap(metadata, watermark)
    const open = new Set(unfinished)
    if (!map || map.next !== next || offsets.some((offset) => map.finished(offset) === open.has(offset))) wrong++
  }
  figure(
    7,
    `${orders} round trips: ${wrong} wrong, longest ${longestBytes} bytes, ${tooLong} did not fit, seed ${seed}`,
  )
  expect(wrong).toBe(0)
  expect(longestBytes).toBeGreaterThan(maxMetadataBytes / 2)
  expect(longestBytes).toBeLessThanOrEqual(maxMetadataBytes)
  expect(tooLong).toBeLessThan(orders / 100)
})

/** Ways to damage metadata; each may leave it unchanged. */
const damage: Record<string, (metadata: string, watermark: number, random: Chance) => [string, number]> = {
  'bits flipped': (metadata, watermark, random) => {
    const bytes = Buffer.from(metadata, 'latin1')
    for (let flips = 1 + upTo(random, 4); flips > 0; flips--) {
      const at = upTo(random, bytes.length)
      bytes[at] = (bytes[at] ?? 0) ^ (1 << upTo(random, 8))
    }
    return [bytes.toString('latin1'), watermark]
  },
  'characters changed': (metadata, watermark, random) => {
    const at = upTo(random, metadata.length)
    const other = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'[upTo(random, 64)]
    return [metadata.slice(0, at) + other + metadata.slice(at + 1), watermark]
  },
  cut: (metadata, watermark, random) => [metadata.slice(0, upTo(random, metadata.length)), watermark],
  'cut in front': (metadata, watermark, random) => [`1${metadata.slice(1 + upTo(random, metadata.length))}`, watermark],
  "another commit's": (metadata, watermark, random) => [metadata, watermark + 1 + upTo(random, 100) - 50],
  invented: (_metadata, watermark, random) => [
    `1${Buffer.from(Array.from({ length: upTo(random, 60) }, () => upTo(random, 256))).toString('base64url')}`,
    watermark,
  ],
}

test(`none of ${damages} damaged metadata strings skips a record or throws`, () => {
  const random = seeded(seed + 2)
  const ways = Object.values(damage)
  let refused = 0
  let unharmed = 0
  let skipped = 0
  for (let run = 0; run < damages; run++) {
    const { watermark, unfinished, next } = commitOf(random)
    const metadata = encodeOffsetMap(watermark, unfinished, next) ?? ''
    const way = ways[run % ways.length]
    const [damaged, committedOffset] = way?.(metadata, watermark, random) ?? ['', 0]
    const map = decodeOffsetMap(damaged, committedOffset)
    if (map === null) refused++
    else if (damaged === metadata && committedOffset === watermark) unharmed++
    if (map && (unfinished.some((offset) => map.finished(offset)) || map.finished(next))) skipped++
  }
  figure(
    7,
    `${damages} damaged: ${refused} refused, ${unharmed} unharmed, ${skipped} would skip a record, seed ${seed}`,
  )
  expect(skipped).toBe(0)
  expect(refused + unharmed).toBe(damages)
  expect(refused).toBeGreaterThan(damages * 0.9)
})
