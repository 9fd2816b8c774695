import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { Commits } from '../../../services/formatter/commits.ts'
import type { Assignment, Commit, CommitResult } from '../../../services/platform/kafka/consumer.ts'
import { systemClock } from '../../../services/platform/runtime/clock.ts'

beforeEach(() => vi.useFakeTimers())
afterEach(() => vi.useRealTimers())

function assignmentOf(current = true): { -readonly [K in keyof Assignment]: Assignment[K] } {
  return { partitions: new Map(), current, fresh: true }
}

function commit(partition: number, offset: number): Commit {
  return { topic: 't', partition, offset }
}

/** @param faults number of calls that fail before the first one that succeeds. */
function committing(faults = 0) {
  const done: [Assignment, Commit[]][] = []
  let left = faults
  const send = async (assignment: Assignment, commits: Commit[]): Promise<CommitResult> => {
    if (left-- > 0) return 'failed'
    done.push([assignment, commits])
    return 'committed'
  }
  return { done, commits: new Commits(send, 200, systemClock) }
}

test('the newest offsets of all partitions are committed in one request per interval, and none when nothing is new', async () => {
  const { done, commits } = committing()
  const assignment = assignmentOf()
  commits.finished(assignment, commit(0, 5))
  commits.finished(assignment, commit(1, 7))
  commits.finished(assignment, commit(0, 6))
  await vi.advanceTimersByTimeAsync(1_000)
  expect(done).toEqual([[assignment, [commit(0, 6), commit(1, 7)]]])
  await commits[Symbol.asyncDispose]()
})

test('an offset finished under an assignment that is over is not committed', async () => {
  const { done, commits } = committing()
  const old = assignmentOf()
  const current = assignmentOf()
  commits.finished(old, commit(0, 5))
  commits.finished(current, commit(1, 7))
  old.current = false
  await commits.flush()
  expect(done).toEqual([[current, [commit(1, 7)]]])
  await commits[Symbol.asyncDispose]()
})

test('a failed commit is repeated, and never with an older offset than has been finished since', async () => {
  const { done, commits } = committing(1)
  const assignment = assignmentOf()
  commits.finished(assignment, commit(0, 5))
  commits.finished(assignment, commit(1, 7))
  const first = commits.flush()
  await Promise.resolve()
  commits.finished(assignment, commit(0, 9))
  await first
  await commits.flush()
  expect(done).toEqual([[assignment, [commit(0, 9), commit(1, 7)]]])
  await commits[Symbol.asyncDispose]()
})

test('while Kafka does not answer a commit, no other commit is queued behind it, and what was finished meanwhile follows', async () => {
  const answer = Promise.withResolvers<CommitResult>()
  const send = vi.fn((_assignment: Assignment, _commits: Commit[]) => answer.promise)
  const commits = new Commits(send, 200, systemClock)
  const assignment = assignmentOf()
  for (let offset = 1; offset <= 300; offset++) {
    commits.finished(assignment, commit(0, offset))
    await vi.advanceTimersByTimeAsync(200)
  }
  expect(send).toHaveBeenCalledExactlyOnceWith(assignment, [commit(0, 1)])
  answer.resolve('committed')
  await vi.advanceTimersByTimeAsync(200)
  expect(send).toHaveBeenCalledTimes(2)
  expect(send).toHaveBeenLastCalledWith(assignment, [commit(0, 300)])
  await commits[Symbol.asyncDispose]()
})

test('a flush commits what was finished while another commit was under way', async () => {
  const answer = Promise.withResolvers<CommitResult>()
  const send = vi.fn((_assignment: Assignment, _commits: Commit[]) => answer.promise)
  const commits = new Commits(send, 200, systemClock)
  const assignment = assignmentOf()
  commits.finished(assignment, commit(0, 1))
  await vi.advanceTimersByTimeAsync(200)
  commits.finished(assignment, commit(0, 2))
  const flushed = commits.flush()
  answer.resolve('committed')
  await flushed
  expect(send).toHaveBeenLastCalledWith(assignment, [commit(0, 2)])
  await commits[Symbol.asyncDispose]()
})

test('a flush is tried again if Kafka does not answer it, but not for ever', async () => {
  const results: CommitResult[] = ['failed', 'committed']
  const send = vi.fn(async (_assignment: Assignment, _commits: Commit[]) => results.shift() ?? ('failed' as const))
  const commits = new Commits(send, 200, systemClock)
  const assignment = assignmentOf()
  commits.finished(assignment, commit(0, 1))
  await commits.flush()
  expect(send).toHaveBeenCalledTimes(2)
  commits.finished(assignment, commit(0, 2))
  await commits.flush()
  expect(send).toHaveBeenCalledTimes(5)
  await commits[Symbol.asyncDispose]()
})

test('nothing is committed after closing', async () => {
  const { done, commits } = committing()
  await commits[Symbol.asyncDispose]()
  commits.finished(assignmentOf(), commit(0, 5))
  await vi.advanceTimersByTimeAsync(1_000)
  expect(done).toEqual([])
})

test('while there is nothing to commit, no timer runs', async () => {
  const { commits } = committing()
  expect(vi.getTimerCount()).toBe(0)
  commits.finished(assignmentOf(), commit(0, 1))
  expect(vi.getTimerCount()).toBe(1)
  await vi.advanceTimersByTimeAsync(200)
  expect(vi.getTimerCount()).toBe(0)
  await commits[Symbol.asyncDispose]()
})

test('a failed commit is tried again after the interval, also if nothing more is finished', async () => {
  const { done, commits } = committing(2)
  const assignment = assignmentOf()
  commits.finished(assignment, commit(0, 1))
  await vi.advanceTimersByTimeAsync(600)
  expect(done).toEqual([[assignment, [commit(0, 1)]]])
  await commits[Symbol.asyncDispose]()
})
