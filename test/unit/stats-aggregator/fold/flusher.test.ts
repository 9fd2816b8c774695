import { expect, onTestFinished, test, vi } from 'vitest'
import { systemClock } from '../../../../services/platform/runtime/clock.ts'
import { Flusher } from '../../../../services/stats-aggregator/fold/flusher.ts'

test('while Kafka does not answer a flush or its commit, no other flush is queued behind it, and one follows at the end', async () => {
  const answer = Promise.withResolvers<number>()
  const flush = vi.fn(() => answer.promise)
  const pausesMs: number[] = []
  const clock = {
    ...systemClock,
    nowMs: () => 0,
    monotonicMs: () => 0,
    random: () => 0,
    sleep: async (ms: number) => void pausesMs.push(ms),
  }
  const fail = vi.fn()
  const flusher = new Flusher(flush, 1_000, clock, fail)
  await new Promise((resolve) => setImmediate(resolve))
  expect([flush.mock.calls.length, pausesMs]).toEqual([1, [1_000]])
  const closed = flusher[Symbol.asyncDispose]()
  answer.resolve(0)
  await closed
  expect(flush).toHaveBeenCalledTimes(2)
  expect(fail).not.toHaveBeenCalled()
})

function withFakeTimers(): void {
  vi.useFakeTimers()
  onTestFinished(() => void vi.useRealTimers())
}

test('after a flush that wrote nothing, the next one follows when something is to be written, or at the latest four seconds later', async () => {
  withFakeTimers()
  const flush = vi.fn(async () => 0)
  const flusher = new Flusher(flush, 1_000, systemClock, (error) => expect.unreachable(String(error)))
  await vi.advanceTimersByTimeAsync(2_500)
  expect(flush).toHaveBeenCalledOnce()
  flusher.wake()
  await vi.advanceTimersByTimeAsync(500)
  expect(flush).toHaveBeenCalledTimes(2)
  await vi.advanceTimersByTimeAsync(4_000)
  expect(flush).toHaveBeenCalledTimes(3)
  await flusher[Symbol.asyncDispose]()
})

test('while nothing is to be written, flushes are four seconds apart, at multiples of four seconds', async () => {
  withFakeTimers()
  const flushedMs: number[] = []
  const flush = async () => {
    flushedMs.push(systemClock.monotonicMs())
    return 0
  }
  const flusher = new Flusher(flush, 1_000, systemClock, (error) => expect.unreachable(String(error)))
  await vi.advanceTimersByTimeAsync(17_000)
  const rests = flushedMs.slice(1)
  expect(rests.length).toBeGreaterThanOrEqual(4)
  for (const atMs of rests) expect(Math.round(atMs) % 4_000).toBe(0)
  await flusher[Symbol.asyncDispose]()
})

test('what comes during a flush is written by the next one, without a rest', async () => {
  withFakeTimers()
  const flush = vi.fn(async () => {
    if (flush.mock.calls.length === 1) flusher.wake()
    return 0
  })
  const flusher = new Flusher(flush, 1_000, systemClock, (error) => expect.unreachable(String(error)))
  await vi.advanceTimersByTimeAsync(2_000)
  expect(flush).toHaveBeenCalledTimes(2)
  await flusher[Symbol.asyncDispose]()
})
