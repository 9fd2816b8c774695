import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { CommitLoop } from '../../../../services/dispatcher/outcome/commit-loop.ts'
import type { CommitResult } from '../../../../services/platform/kafka/consumer.ts'
import { systemClock } from '../../../../services/platform/runtime/clock.ts'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

const assignment = { partitions: new Map(), current: true, fresh: true }

function createLoop(commit: () => Promise<CommitResult>, write: () => Promise<void> = async () => undefined) {
  const engine = {
    recommitAll: () => undefined,
    partitions: [],
    gates: {} as never,
    takeCommits: () => [{ topic: 't', partition: 0, offset: 1, metadata: '' }],
  }
  const nothing = async () => undefined
  const snapshots = { beforeCommit: () => () => undefined, write, readGaps: nothing, repair: nothing, isDue: true }
  const fail = vi.fn()
  const loop = new CommitLoop({
    engine,
    readers: { commit, assignment },
    snapshots,
    intervals: { commitMs: 100, snapshotMs: 200 },
    clock: systemClock,
    fail,
  })
  return { loop, fail }
}

test('while Kafka does not answer a commit, no other commit is queued behind it', async () => {
  const answer = Promise.withResolvers<CommitResult>()
  const commit = vi.fn(() => answer.promise)
  const { loop } = createLoop(commit)
  await vi.advanceTimersByTimeAsync(60_000)
  expect(commit).toHaveBeenCalledOnce()
  answer.resolve('committed')
  await vi.advanceTimersByTimeAsync(100)
  expect(commit).toHaveBeenCalledTimes(2)
  await loop[Symbol.asyncDispose]()
})

test('a snapshot that cannot be written delays no commit, and no second one begins in the meantime', async () => {
  const commit = vi.fn(async () => 'committed' as const)
  const write = vi.fn(() => new Promise<void>(() => {}))
  const { loop, fail } = createLoop(commit, write)
  await vi.advanceTimersByTimeAsync(10_000)
  expect(write).toHaveBeenCalledOnce()
  expect(commit.mock.calls.length).toBeGreaterThan(50)
  expect(fail).not.toHaveBeenCalled()
  await loop[Symbol.asyncDispose]()
})

test('the last commit before a stop is tried again if Kafka does not answer it, but not for ever', async () => {
  const results: CommitResult[] = ['failed', 'committed']
  const commit = vi.fn(async () => results.shift() ?? ('failed' as const))
  const { loop } = createLoop(commit)
  await loop.finish()
  expect(commit).toHaveBeenCalledTimes(2)
  await loop.finish()
  expect(commit).toHaveBeenCalledTimes(5)
  await loop[Symbol.asyncDispose]()
})
