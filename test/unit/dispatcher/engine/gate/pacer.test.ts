import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { Pacer, rampRatePerSecond } from '../../../../../services/dispatcher/engine/gate/pacer.ts'

const epochMs = 1_700_000_000_000
const windowMs = 10_000

/** Starts as often as the pacer allows during `forMs`, waking up late after each wait. @returns times of the starts. */
function greedy(
  pacer: Pacer,
  rate: number,
  forMs: number,
  wakeUpMs: (delayMs: number) => number,
  fromMs = epochMs,
): number[] {
  const starts: number[] = []
  let nowMs = fromMs
  while (nowMs < fromMs + forMs) {
    const delayMs = pacer.request(nowMs, rate)
    if (delayMs > 0) {
      nowMs += wakeUpMs(delayMs)
      continue
    }
    pacer.take(nowMs, rate)
    starts.push(nowMs)
  }
  return starts
}

/** Rounds a delay like setTimeout on a clock of whole milliseconds. */
const wholeMs = (delayMs: number) => Math.max(1, Math.ceil(delayMs))

/** The most starts in any window of ten seconds, both ends included. */
function mostInWindow(starts: number[]): number {
  let first = 0
  return starts.reduce((most, atMs, index) => {
    while ((starts[first] ?? 0) < atMs - windowMs) first++
    return Math.max(most, index - first + 1)
  }, 0)
}

describe.each([0.1, 0.5, 1, 3, 7, 50, 333, 1_000, 9_973, 97_561])('a limit of %d a second', (ratePerSecond) => {
  test.each([
    ['on time', wholeMs],
    ['2 ms late', (delayMs: number) => wholeMs(delayMs) + 2],
    ['9 ms late', (delayMs: number) => wholeMs(delayMs) + 8],
  ])('with timers %s, the limit is reached within 0.2 %% and never exceeded over ten seconds', (_name, wakeUpMs) => {
    const forMs = Math.max(30_000, 20_000 / ratePerSecond)
    const starts = greedy(new Pacer(), ratePerSecond, forMs, wakeUpMs)
    expect(mostInWindow(starts)).toBeLessThanOrEqual(ratePerSecond * 10 + 1)
    expect(starts.length).toBeGreaterThanOrEqual(Math.floor((ratePerSecond * forMs * 0.998) / 1_000))
  })
})

test('under a precise clock, sends are evenly spaced', () => {
  const starts = greedy(new Pacer(), 400, 1_000, (delayMs) => delayMs, 0)
  const gaps = starts.slice(1).map((atMs, index) => atMs - (starts[index] ?? 0))
  for (const gapMs of gaps) expect(gapMs).toBeCloseTo(2.5025, 6)
})

test.each([0.5, 10, 1_000, 50_000])(
  'after an idle time one send starts at once, and the unused ones do not (%d a second)',
  (rate) => {
    const pacer = new Pacer()
    greedy(pacer, rate, 100, wholeMs)
    const nowMs = epochMs + 3_600_000
    expect(pacer.waitMs(nowMs, rate)).toBe(0)
    pacer.take(nowMs, rate)
    expect(pacer.waitMs(nowMs, rate)).toBeCloseTo(1_001 / rate, 6)
  },
)

test('a pause shorter than the accepted lateness leads to no burst, even if nothing was waiting', () => {
  const pacer = new Pacer()
  pacer.take(epochMs, 1_000)
  expect(pacer.request(epochMs + 9, 1_000)).toBe(0)
  pacer.take(epochMs + 9, 1_000)
  expect(pacer.waitMs(epochMs + 9, 1_000)).toBeGreaterThan(0)
})

test('a new limit takes effect at once, higher or lower', () => {
  const pacer = new Pacer()
  pacer.take(epochMs, 0.1)
  expect(pacer.waitMs(epochMs + 1, 0.1)).toBeCloseTo(10_009, 6)
  expect(pacer.waitMs(epochMs + 1, 100)).toBeCloseTo(9.01, 6)
  expect(pacer.waitMs(epochMs + 1, 2)).toBeCloseTo(499.5, 6)
  expect(pacer.waitMs(epochMs + 1, Number.POSITIVE_INFINITY)).toBe(0)
})

test('asking how long a start would have to wait changes nothing', () => {
  const [asked, other] = [new Pacer(), new Pacer()]
  for (const pacer of [asked, other]) pacer.take(epochMs, 10)
  for (let ms = 0; ms < 100; ms++) asked.waitMs(epochMs + ms, 10)
  for (const pacer of [asked, other]) pacer.take(epochMs + 105, 10)
  expect(asked.waitMs(epochMs + 110, 10)).toBe(other.waitMs(epochMs + 110, 10))
})

test('without a limit, any number may start at the same time', () => {
  const pacer = new Pacer()
  for (let i = 0; i < 1_000; i++) {
    expect(pacer.waitMs(epochMs, Number.POSITIVE_INFINITY)).toBe(0)
    pacer.take(epochMs, Number.POSITIVE_INFINITY)
  }
})

test.each([0, -1, Number.NaN])('a rate of %d is refused with a RangeError', (ratePerSecond) => {
  expect(() => new Pacer().waitMs(0, ratePerSecond)).toThrow(RangeError)
  expect(() => new Pacer().take(0, ratePerSecond)).toThrow(RangeError)
})

test('no pattern of demand and lateness exceeds the limit over ten seconds', () => {
  const demand = fc.array(fc.record({ pauseMs: fc.nat(5_000), lateMs: fc.nat(40), forMs: fc.nat(4_000) }), {
    minLength: 1,
    maxLength: 12,
  })
  fc.assert(
    fc.property(fc.double({ min: 0.2, max: 2_000, noNaN: true }), demand, (ratePerSecond, spells) => {
      const pacer = new Pacer()
      let nowMs = epochMs
      const starts = spells.flatMap(({ pauseMs, lateMs, forMs }) => {
        const from = nowMs + pauseMs
        nowMs = from + forMs
        return greedy(pacer, ratePerSecond, forMs, (delayMs) => Math.min(wholeMs(delayMs) + lateMs, forMs), from)
      })
      expect(mostInWindow(starts)).toBeLessThanOrEqual(ratePerSecond * 10 + 1)
    }),
    { numRuns: 300 },
  )
})

describe('the ramp after a breaker has closed', () => {
  test.each([
    [0, 10],
    [999, 10],
    [1_000, 20],
    [5_000, 320],
    [13_999, 81_920],
    [14_000, Number.POSITIVE_INFINITY],
    [86_400_000, Number.POSITIVE_INFINITY],
  ])('a ramp, %d ms after the breaker closed, allows %d a second', (elapsedMs, ratePerSecond) => {
    expect(rampRatePerSecond(elapsedMs)).toBe(ratePerSecond)
  })

  test.each([
    [Number.POSITIVE_INFINITY, [10, 20, 40, 80, 160]],
    [30, [10, 20, 30, 30, 30]],
  ])('a ramp does not exceed the limit of %d', (limit, perSecond) => {
    const pacer = new Pacer()
    pacer.ramp(epochMs)
    const starts = greedy(pacer, limit, 5_000, wholeMs)
    const counts = perSecond.map((_rate, second) =>
      starts.filter((at) => Math.floor((at - epochMs) / 1_000) === second),
    )
    for (const [second, rate] of perSecond.entries())
      expect(Math.abs((counts[second]?.length ?? 0) - rate), `second ${second}`).toBeLessThanOrEqual(1)
  })

  test('a ramp ends after 14 seconds', () => {
    const pacer = new Pacer()
    pacer.ramp(epochMs)
    pacer.take(epochMs, Number.POSITIVE_INFINITY)
    expect(pacer.waitMs(epochMs, Number.POSITIVE_INFINITY)).toBeCloseTo(100.1, 6)
    pacer.take(epochMs + 14_000, Number.POSITIVE_INFINITY)
    expect(pacer.waitMs(epochMs + 14_000, Number.POSITIVE_INFINITY)).toBe(0)
  })
})
