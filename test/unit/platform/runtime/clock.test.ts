import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { systemClock, untilShared } from '../../../../services/platform/runtime/clock.ts'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

test.each([
  [0, 4_000],
  [1, 3_999],
  [3_989, 11],
  [3_990, 4_010],
  [3_999.5, 4_000.5],
  [4_000, 4_000],
  [10_000, 2_000],
])(
  'the wait until the next shared moment is never so short that an early timer would wait twice: at %d ms it is %d ms',
  (nowMs, waitMs) => {
    expect(untilShared(nowMs, 4_000)).toBe(waitMs)
  },
)

test('timers with the same interval call back at the same moment, whenever each of them began', async () => {
  const at: number[] = []
  const note = () => void at.push(performance.now())
  const first = systemClock.every(1_000, note)
  await vi.advanceTimersByTimeAsync(1_300)
  const second = systemClock.every(1_000, note)
  await vi.advanceTimersByTimeAsync(2_000)
  expect(at).toEqual([1_000, 2_000, 2_000, 3_000, 3_000])
  first.cancel()
  second.cancel()
  await vi.advanceTimersByTimeAsync(2_000)
  expect(at).toHaveLength(5)
})

test('a timer that is cancelled in its own callback calls back no more', async () => {
  let calls = 0
  const timer = systemClock.every(1_000, () => {
    calls++
    timer.cancel()
  })
  await vi.advanceTimersByTimeAsync(3_000)
  expect(calls).toBe(1)
})
