import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { WorkTimer } from '../../../../services/dispatcher/outcome/work-timer.ts'
import { systemClock } from '../../../../services/platform/runtime/clock.ts'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

/** Advances in steps of a second. @returns calls in each of them. */
async function callsOf(due: ReturnType<typeof vi.fn>, seconds: number): Promise<number[]> {
  const calls: number[] = []
  for (let second = 0; second < seconds; second++) {
    due.mockClear()
    await vi.advanceTimersByTimeAsync(1_000)
    calls.push(due.mock.calls.length)
  }
  return calls
}

test('a work timer calls back at its interval while there is work, for two seconds longer, and then every two seconds', async () => {
  const state = { isBusy: true }
  const due = vi.fn()
  using _timer = new WorkTimer(systemClock, 200, () => state.isBusy, due)
  expect(await callsOf(due, 4)).toEqual([5, 5, 5, 5])
  state.isBusy = false
  expect(await callsOf(due, 6)).toEqual([5, 5, 0, 1, 0, 1])
})

test('a work timer at rest that is woken calls back at once, and at its interval from then on', async () => {
  const due = vi.fn()
  using timer = new WorkTimer(systemClock, 200, () => false, due)
  await vi.advanceTimersByTimeAsync(5_100)
  due.mockClear()
  timer.wake()
  expect(due).toHaveBeenCalledOnce()
  expect(await callsOf(due, 2)).toEqual([5, 5])
})

test('waking a work timer that does not rest changes nothing', async () => {
  const due = vi.fn()
  using timer = new WorkTimer(systemClock, 200, () => true, due)
  await vi.advanceTimersByTimeAsync(100)
  timer.wake()
  expect(due).not.toHaveBeenCalled()
  expect(await callsOf(due, 1)).toEqual([5])
})

test('a work timer with an interval of two seconds or more never rests', async () => {
  const due = vi.fn()
  using timer = new WorkTimer(systemClock, 5_000, () => false, due)
  await vi.advanceTimersByTimeAsync(9_000)
  expect(due).toHaveBeenCalledOnce()
  timer.wake()
  expect(due).toHaveBeenCalledOnce()
})

test('a work timer that was disposed calls back no more, even if it is woken', async () => {
  const due = vi.fn()
  const timer = new WorkTimer(systemClock, 200, () => false, due)
  await vi.advanceTimersByTimeAsync(5_000)
  due.mockClear()
  timer[Symbol.dispose]()
  timer.wake()
  await vi.advanceTimersByTimeAsync(5_000)
  expect(due).not.toHaveBeenCalled()
})
