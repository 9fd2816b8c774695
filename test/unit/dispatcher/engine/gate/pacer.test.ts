import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { Pacer, rampRatePerSecond } from '../../../../../services/dispatcher/engine/gate/pacer.ts'

const epochMs = 1_700_000_000_000
const windowMs = 10_000

/**
 * Starts as many as the pacer allows, for this long, waking up with the given lateness. @returns times of the starts.
 */
function greedy(pacer: Pacer, forMs: number, wakeUpMs: (delayMs: number) => number, fromMs = epochMs): number[] {
  const starts: number[] = []
  let nowMs = fromMs
  while (nowMs < fromMs + forMs) {
    const delayMs = pacer.delayMs(nowMs)
    if (delayMs > 0) {
      nowMs += wakeUpMs(delayMs)
      continue
    }
    pacer.take(nowMs)
    starts.push(nowMs)
  }
  return starts
}

/** Timers like setTimeout on a clock of whole milliseconds. */
const wholeMs = (delayMs: number) => Math.max(1, Math.ceil(delayMs))

/** The largest number of starts in any window of ten seconds, including both ends. */
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
    const starts = greedy(new Pacer(ratePerSecond), forMs, wakeUpMs)
    expect(mostInWindow(starts)).toBeLessThanOrEqual(ratePerSecond * 10 + 1)
    expect(starts.length).toBeGreaterThanOrEqual(Math.floor((ratePerSecond * forMs * 0.998) / 1_000))
  })
})

test('under a precise clock, sends are evenly spaced', () => {
  const starts = greedy(new Pacer(400), 1_000, (delayMs) => delayMs, 0)
  const gaps = starts.slice(1).map((atMs, index) => atMs - (starts[index] ?? 0))
  for (const gapMs of gaps) expect(gapMs).toBeCloseTo(2.5025, 6)
})

test.each([0.5, 10, 1_000, 50_000])(
  'after an idle time one send starts at once, and the unused ones do not (%d a second)',
  (rate) => {
    const pacer = new Pacer(rate)
    greedy(pacer, 100, wholeMs)
    const nowMs = epochMs + 3_600_000
    expect(pacer.delayMs(nowMs)).toBe(0)
    pacer.take(nowMs)
    expect(pacer.delayMs(nowMs)).toBeCloseTo(1_001 / rate, 6)
  },
)

test('a pause shorter than the accepted lateness leads to no burst, even if nothing was waiting', () => {
  const pacer = new Pacer(1_000)
  pacer.take(epochMs)
  expect(pacer.delayMs(epochMs + 9)).toBe(0)
  pacer.take(epochMs + 9)
  expect(pacer.delayMs(epochMs + 9)).toBeGreaterThan(0)
})

test('a new limit takes effect at once, higher or lower', () => {
  const pacer = new Pacer(0.1)
  pacer.take(epochMs)
  expect(pacer.delayMs(epochMs + 1)).toBeCloseTo(10_009, 6)
  pacer.setRate(100)
  expect(pacer.delayMs(epochMs + 1)).toBeCloseTo(9.01, 6)
  pacer.setRate(2)
  expect(pacer.delayMs(epochMs + 1)).toBeCloseTo(499.5, 6)
  pacer.setRate(Number.POSITIVE_INFINITY)
  expect(pacer.delayMs(epochMs + 1)).toBe(0)
})

test('without a limit, any number may start at the same time', () => {
  const pacer = new Pacer(Number.POSITIVE_INFINITY)
  for (let i = 0; i < 1_000; i++) {
    expect(pacer.delayMs(epochMs)).toBe(0)
    pacer.take(epochMs)
  }
})

test('a clock set back an hour delays a send by one interval at most', () => {
  const pacer = new Pacer(2)
  pacer.take(epochMs)
  expect(pacer.delayMs(epochMs - 3_600_000)).toBeCloseTo(500.5, 6)
  expect(pacer.delayMs(epochMs - 3_600_000 + 501)).toBe(0)
})

test.each([0, -1, Number.NaN])('a rate of %d is refused', (ratePerSecond) => {
  expect(() => new Pacer(ratePerSecond)).toThrow(RangeError)
  expect(() => new Pacer(1).setRate(ratePerSecond)).toThrow(RangeError)
})

test('no pattern of demand and lateness exceeds the limit over ten seconds', () => {
  const demand = fc.array(fc.record({ pauseMs: fc.nat(5_000), lateMs: fc.nat(40), forMs: fc.nat(4_000) }), {
    minLength: 1,
    maxLength: 12,
  })
  fc.assert(
    fc.property(fc.double({ min: 0.2, max: 2_000, noNaN: true }), demand, (ratePerSecond, spells) => {
      const pacer = new Pacer(ratePerSecond)
      let nowMs = epochMs
      const starts = spells.flatMap(({ pauseMs, lateMs, forMs }) => {
        const from = nowMs + pauseMs
        nowMs = from + forMs
        return greedy(pacer, forMs, (delayMs) => Math.min(wholeMs(delayMs) + lateMs, forMs), from)
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
  ])("a ramp does not exceed the webhook's own limit of %d", (limit, perSecond) => {
    const pacer = new Pacer(limit)
    pacer.ramp(epochMs)
    const starts = greedy(pacer, 5_000, wholeMs)
    const counts = perSecond.map((_rate, second) =>
      starts.filter((at) => Math.floor((at - epochMs) / 1_000) === second),
    )
    for (const [second, rate] of perSecond.entries())
      expect(Math.abs((counts[second]?.length ?? 0) - rate), `second ${second}`).toBeLessThanOrEqual(1)
  })

  test('a ramp ends, even if the clock was set back during it', () => {
    const pacer = new Pacer(Number.POSITIVE_INFINITY)
    pacer.ramp(epochMs)
    const setBackMs = epochMs - 3_600_000
    pacer.take(setBackMs)
    expect(pacer.delayMs(setBackMs)).toBeCloseTo(100.1, 6)
    pacer.take(setBackMs + 14_000)
    expect(pacer.delayMs(setBackMs + 14_000)).toBe(0)
  })
})
