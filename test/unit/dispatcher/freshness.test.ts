import { expect, test } from 'vitest'
import { Freshness } from '../../../services/dispatcher/freshness.ts'

test('after standing still, nothing is trusted before the definitions have been read again', async () => {
  let nowMs = 0
  let read = () => {}
  let refreshes = 0
  const refresh = () => {
    refreshes++
    return new Promise<void>((resolve) => {
      read = resolve
    })
  }
  using freshness = new Freshness({ monotonicMs: () => nowMs }, refresh, (error) => expect.unreachable(String(error)))
  nowMs = 1_900
  expect(freshness.isFresh).toBe(true)
  await freshness.check()
  expect(refreshes).toBe(0)
  nowMs = 10_000
  expect(freshness.isFresh).toBe(false)
  const checked = freshness.check()
  nowMs = 10_300
  expect(freshness.isFresh).toBe(false)
  read()
  await checked
  expect(freshness.isFresh).toBe(true)
  expect(refreshes).toBe(1)
})
