import { pino } from 'pino'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { Committer } from '../../../../services/dispatcher/outcome/committer.ts'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

const assignment = { partitions: new Map(), current: true, fresh: true }

function committerOf(commit: () => Promise<boolean>, write: () => Promise<void> = async () => undefined) {
  const engine = {
    tick: () => undefined,
    commitFailed: () => undefined,
    takeCommits: () => [{ topic: 't', partition: 0, offset: 1, metadata: '' }],
  }
  const health = { beforeCommit: () => () => undefined, write, repair: async () => undefined, isDue: true }
  const fail = vi.fn()
  const committer = new Committer({
    engine,
    consumer: { commit, assignment },
    health,
    intervals: { commitMs: 100, healthMs: 200 },
    log: pino({ level: 'silent' }),
    fail,
  })
  return { committer, fail }
}

test('while Kafka does not answer a commit, no other one waits behind it', async () => {
  const answer = Promise.withResolvers<boolean>()
  const commit = vi.fn(() => answer.promise)
  const { committer } = committerOf(commit)
  await vi.advanceTimersByTimeAsync(60_000)
  expect(commit).toHaveBeenCalledOnce()
  answer.resolve(true)
  await vi.advanceTimersByTimeAsync(100)
  expect(commit).toHaveBeenCalledTimes(2)
  await committer[Symbol.asyncDispose]()
})

test('a snapshot that cannot be written holds up no commit, and no second one is begun meanwhile', async () => {
  const commit = vi.fn(async () => true)
  const write = vi.fn(() => new Promise<void>(() => {}))
  const { committer, fail } = committerOf(commit, write)
  await vi.advanceTimersByTimeAsync(10_000)
  expect(write).toHaveBeenCalledOnce()
  expect(commit.mock.calls.length).toBeGreaterThan(50)
  expect(fail).not.toHaveBeenCalled()
  await committer[Symbol.asyncDispose]()
})
