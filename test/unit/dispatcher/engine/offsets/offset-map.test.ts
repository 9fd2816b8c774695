import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  decodeFinished,
  decodeOffsetMap,
  encodeFinished,
  encodeOffsetMap,
  maxMetadataBytes,
} from '../../../../../services/dispatcher/engine/offsets/offset-map.ts'
import { OffsetRuns } from '../../../../../services/dispatcher/engine/offsets/offset-runs.ts'
import { seeded } from '../../../../support/simulation.ts'

/** Alternating runs of unfinished and finished offsets, as lists of the unfinished ones from a watermark on. */
function fromRuns(watermark: number, runs: readonly number[]): { unfinished: number[]; next: number } {
  const unfinished: number[] = []
  let next = watermark
  runs.forEach((length, index) => {
    if (index % 2 === 0) for (let i = 0; i < length; i++) unfinished.push(next + i)
    next += length
  })
  return { unfinished, next }
}

const watermarks = fc.oneof(
  fc.nat(1_000),
  fc.maxSafeNat().map((offset) => Math.floor(offset / 2)),
)
const runLists = fc.array(fc.oneof(fc.integer({ min: 1, max: 3 }), fc.integer({ min: 1, max: 400 })), { maxLength: 60 })

describe('round trip', () => {
  test('any finished offsets can be written and read again', () => {
    fc.assert(
      fc.property(watermarks, runLists, (watermark, runs) => {
        const { unfinished, next } = fromRuns(watermark, runs)
        const metadata = encodeOffsetMap(watermark, unfinished, next)
        if (metadata === null) throw new Error('does not fit')
        const map = decodeOffsetMap(metadata, watermark)
        expect(map).toMatchObject({ unfinished, next })
      }),
      { numRuns: 3_000 },
    )
  })

  test.each([
    ['nothing taken', 7, [], 7],
    ['only the watermark', 7, [7], 8],
    ['all finished', 7, [], 1_000],
    ['the watermark itself is a gap', 7, [9], 10],
    ['a gap of many', 0, [0, 2 ** 52], 2 ** 52 + 1],
  ])('offsets can be written and read again: %s', (_name, watermark, unfinished, next) => {
    const metadata = encodeOffsetMap(watermark, unfinished, next) ?? ''
    expect(metadata).toMatch(/^1[\w-]+$/)
    expect(decodeOffsetMap(metadata, watermark)).toMatchObject({ unfinished, next })
  })
})

test('any runs of finished offsets can be written and read again, without a limit, from where they were written', () => {
  const runsOf = (lengths: readonly number[]) => {
    const finished = new OffsetRuns()
    let position = 3
    for (const [index, length] of lengths.entries()) {
      if (index % 2 === 1) finished.add(position, position + length)
      position += length
    }
    return finished
  }
  fc.assert(
    fc.property(watermarks, fc.array(fc.integer({ min: 1, max: 400 }), { maxLength: 60 }), (from, lengths) => {
      const finished = runsOf(lengths)
      finished.dropBefore(from)
      const text = encodeFinished(from, finished)
      if (finished.isEmpty) return text === null
      expect([...(decodeFinished(text ?? '', from) ?? [])]).toEqual([...finished])
      return decodeFinished(text ?? '', from + 1) === null
    }),
    { numRuns: 1_000 },
  )
  const many = runsOf(Array.from({ length: 100_000 }, (_unused, index) => 1 + (index % 7)))
  expect([...(decodeFinished(encodeFinished(0, many) ?? '', 0) ?? [])]).toEqual([...many])
})

test('the finished offsets are all below the commit, and all above it that are not listed, up to the next', () => {
  const map = decodeOffsetMap(encodeOffsetMap(10, [10, 13], 20) ?? '', 10)
  const finished = [0, 9, 10, 11, 12, 13, 14, 19, 20, 21].map((offset) => map?.finished(offset))
  expect(finished).toEqual([true, true, false, true, true, false, true, true, false, false])
})

describe('size', () => {
  const random = seeded(7)
  const every = (count: number, unfinished: (offset: number) => boolean) =>
    Array.from({ length: count }, (_unused, offset) => offset).filter(unfinished)

  test.each([
    ['one of each 50 at random, 100,000 behind', 100_000, every(100_000, () => random() < 0.02), 2_900],
    ['one of each 50 in turn, 100,000 behind', 100_000, every(100_000, (offset) => offset % 50 === 0), 3_100],
    ['half of 16,000 at random', 16_000, every(16_000, () => random() < 0.5), 3_400],
    ['1,000 alone of 20,000 finished', 20_000, every(20_000, (offset) => offset % 20 !== 19), 1_400],
    ['a long run on each side', 2_000_000, every(500_000, () => true), 30],
  ])('a map of %s has the expected size', (_name, next, unfinished, mostBytes) => {
    const metadata = encodeOffsetMap(0, unfinished, next) ?? ''
    expect(metadata.length).toBeGreaterThan(0)
    expect(metadata.length).toBeLessThanOrEqual(mostBytes)
    expect(decodeOffsetMap(metadata, 0)).toMatchObject({ unfinished, next })
  })

  test('a map never exceeds the limit: it is null instead, and one close to the limit is still written', () => {
    const sizes = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9].map((thousands) => {
      const unfinished = every(20_000 + thousands * 1_000, () => random() < 0.5)
      return encodeOffsetMap(0, unfinished, 20_000 + thousands * 1_000)?.length ?? null
    })
    expect(sizes).toContain(null)
    for (const size of sizes) expect(size ?? 0).toBeLessThanOrEqual(maxMetadataBytes)
    expect(
      encodeOffsetMap(
        0,
        every(200_000, (offset) => offset % 2 === 0),
        200_000,
      ),
    ).toBe(null)
    expect(
      encodeOffsetMap(
        0,
        every(1_000_001, () => true),
        1_000_001,
      ),
    ).toBe(null)
  })
})

describe('metadata of others', () => {
  const metadata = encodeOffsetMap(100, [100, 105, 106, 190], 250) ?? ''

  test.each([
    ['empty', '', 100],
    ['another version', `2${metadata.slice(1)}`, 100],
    ['another commit', metadata, 101],
    ['no content', '1', 100],
    ['padding', `${metadata}=`, 100],
    ['white space', `${metadata}\n`, 100],
    ['twice', metadata + metadata, 100],
    ['not ASCII', `1${'é'.repeat(20)}`, 100],
    ["of another program's", '{"offset":100}', 100],
    ['too long', '1'.padEnd(10_000, 'A'), 100],
  ])('metadata written otherwise mean nothing: %s', (_name, damaged, committedOffset) => {
    expect(decodeOffsetMap(damaged, committedOffset)).toBe(null)
  })

  test('a random string means nothing', () => {
    const strings = fc.oneof(fc.string(), fc.base64String(), fc.string({ unit: 'binary' }))
    fc.assert(
      fc.property(strings, fc.nat(), (text, offset) => {
        expect(decodeOffsetMap(`1${text}`, offset)).toBe(null)
      }),
      { numRuns: 2_000 },
    )
  })

  test('metadata with a character removed or changed mean nothing', () => {
    for (let at = 0; at < metadata.length; at++) {
      expect(decodeOffsetMap(metadata.slice(0, at), 100)).toBe(null)
      const other = metadata[at] === 'A' ? 'B' : 'A'
      expect(decodeOffsetMap(metadata.slice(0, at) + other + metadata.slice(at + 1), 100)).toBe(null)
    }
  })
})

test.each([
  ['descending', 0, [5, 3], 9],
  ['twice the same', 0, [5, 5], 9],
  ['below the watermark', 4, [3], 9],
  ['not below next', 0, [9], 9],
  ['next below the watermark', 4, [], 3],
  ['not a number', 0, [Number.NaN], 9],
])('arguments that contradict each other are an error: %s', (_name, watermark, unfinished, next) => {
  expect(() => encodeOffsetMap(watermark, unfinished, next)).toThrow(RangeError)
})
