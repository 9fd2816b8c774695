import { expect, test } from 'vitest'
import { DefinitionFreshness } from '../../../../services/dispatcher/intake/definition-freshness.ts'
import { systemClock } from '../../../../services/platform/runtime/clock.ts'

/** Two clocks that tests move separately, and a Kafka that answers when the test says so. */
function scene() {
  const at = { monotonicMs: 0, nowMs: 1_700_000_000_000 }
  const asked: (() => void)[] = []
  const caughtUp = () => new Promise<void>((resolve) => void asked.push(resolve))
  const clock = { ...systemClock, monotonicMs: () => at.monotonicMs, nowMs: () => at.nowMs }
  const freshness = new DefinitionFreshness(clock, caughtUp, (error) => expect.unreachable(String(error)))
  const pass = (ms: number) => {
    at.monotonicMs += ms
    at.nowMs += ms
  }
  const answer = async () => {
    for (const resolve of asked.splice(0)) resolve()
    await Promise.resolve()
    await Promise.resolve()
  }
  return { at, freshness, pass, answer, asked }
}

test('definitions are trusted while Kafka answers, and for at most 4 s after it has stopped', async () => {
  const { freshness, pass, answer } = scene()
  using _freshness = freshness
  for (let second = 0; second < 10; second++) {
    void freshness.check()
    pass(1_000)
    await answer()
    expect(freshness.isFresh).toBe(true)
  }
  void freshness.check()
  pass(3_000)
  expect(freshness.isFresh).toBe(true)
  pass(1_000)
  expect(freshness.isFresh).toBe(false)
})

test('an answer from before a standstill says nothing about edits made during it', async () => {
  const { freshness, pass, answer, asked } = scene()
  using _freshness = freshness
  void freshness.check()
  pass(60_000)
  expect(freshness.isFresh).toBe(false)
  await answer()
  expect(freshness.isFresh).toBe(false)
  void freshness.check()
  expect(asked).toHaveLength(1)
  pass(100)
  await answer()
  expect(freshness.isFresh).toBe(true)
})

test.each([
  ['a suspended machine, whose monotonic clock has stood still', 0, 60_000],
  ['a process that stood still', 60_000, 60_000],
  ['a wall clock that was set back', 100, -3_600_000],
])('after %s, nothing is trusted until Kafka has answered again', async (_name, monotonicMs, nowMs) => {
  const { at, freshness, answer } = scene()
  using _freshness = freshness
  at.monotonicMs += monotonicMs
  at.nowMs += nowMs
  expect(freshness.isFresh).toBe(false)
  void freshness.check()
  await answer()
  expect(freshness.isFresh).toBe(true)
})
