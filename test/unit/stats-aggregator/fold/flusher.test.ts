import { expect, test, vi } from 'vitest'
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
