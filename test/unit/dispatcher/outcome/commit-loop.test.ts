import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { CommitLoop } from '../../../../services/dispatcher/outcome/commit-loop.ts'
import type { CommitResult } from '../../../../services/platform/kafka/consumer.ts'
import { systemClock } from '../../../../services/platform/runtime/clock.ts'
import { failUnlessAbandoned, WaitAbandoned } from '../../../../services/platform/runtime/retry-until.ts'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

const assignment = { partitions: new Map(), current: true, fresh: true }

function createLoop(
  commit: () => Promise<CommitResult>,
  write: () => Promise<void> = async () => undefined,
  isBusy = true,
) {
  const engine = {
    recommitAll: () => undefined,
    partitions: [],
    gates: {} as never,
    takeCommits: () => (isBusy ? [{ topic: 't', partition: 0, offset: 1, metadata: '' }] : []),
  }
  const snapshots = {
    beforeCommit: () => () => undefined,
    write,
    readGaps: async () => undefined,
    repair: async () => undefined,
    isDue: () => true,
  }
  const fail = vi.fn()
  const loop = new CommitLoop({
    engine,
    readers: { commit, assignment },
    snapshots,
    intervals: { commitMs: 100, snapshotMs: 200 },
    isBusy: () => isBusy,
    clock: systemClock,
    fail: failUnlessAbandoned(fail),
  })
  return { loop, fail, snapshots }
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

test('with a snapshot due but nothing to commit, as after a takeover without traffic, commits come every two seconds', async () => {
  const commit = vi.fn(async () => 'committed' as const)
  const { loop } = createLoop(commit, undefined, false)
  await vi.advanceTimersByTimeAsync(10_000)
  commit.mockClear()
  await vi.advanceTimersByTimeAsync(60_000)
  expect(commit.mock.calls.length).toBeGreaterThanOrEqual(29)
  expect(commit.mock.calls.length).toBeLessThanOrEqual(31)
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

test('attempts that cannot be read end the process, unless their reading was abandoned because it stops', async () => {
  for (const error of [new WaitAbandoned('the registry does not answer'), new Error('broken')]) {
    const { loop, fail, snapshots } = createLoop(async () => 'committed')
    snapshots.readGaps = () => Promise.reject(error)
    await vi.advanceTimersByTimeAsync(500)
    if (error instanceof WaitAbandoned) expect(fail).not.toHaveBeenCalled()
    else expect(fail).toHaveBeenCalledWith(error)
    await loop[Symbol.asyncDispose]()
  }
})

test('no other commit is under way beside the last one', async () => {
  let underWay = 0
  let most = 0
  const { loop } = createLoop(async () => {
    most = Math.max(most, ++underWay)
    await systemClock.sleep(350)
    underWay--
    return 'committed'
  })
  await vi.advanceTimersByTimeAsync(250)
  const finished = loop.finish()
  await vi.advanceTimersByTimeAsync(2_000)
  await finished
  await loop[Symbol.asyncDispose]()
  expect(most).toBe(1)
})
