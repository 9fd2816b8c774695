import { expect, test } from 'vitest'
import { AttemptProgress } from '../../../../services/dispatcher/takeover/attempt-progress.ts'

const known = (progress: AttemptProgress) => progress.reach(new Set())

test('an owner knows the attempts that its takeover read and that it wrote, up to the first of another owner', () => {
  const progress = new AttemptProgress(5)
  progress.wrote(5)
  progress.wrote(6)
  expect([known(progress), progress.gap]).toEqual([7, null])
  progress.wrote(9)
  progress.wrote(10)
  expect([known(progress), progress.gap]).toEqual([7, { from: 7, to: 9 }])
  progress.readTo(9)
  expect([known(progress), progress.gap]).toEqual([11, null])
})

test('a gap that appears while another one is read is read next', () => {
  const progress = new AttemptProgress(5)
  progress.wrote(8)
  const gap = progress.gap
  progress.wrote(9)
  progress.wrote(20)
  progress.readTo(gap?.to ?? 0)
  expect([known(progress), progress.gap]).toEqual([8, { from: 8, to: 20 }])
  progress.wrote(21)
  progress.readTo(20)
  expect([known(progress), progress.gap]).toEqual([22, null])
})

test('an attempt that is acknowledged twice, or before the end of the takeover, changes nothing', () => {
  const progress = new AttemptProgress(5)
  progress.wrote(3)
  progress.wrote(5)
  progress.wrote(5)
  expect([known(progress), progress.gap]).toEqual([6, null])
})

test('a snapshot does not pass what was written since an unread record of joined messages appeared', () => {
  const progress = new AttemptProgress(5)
  progress.wrote(5)
  expect(progress.reach(new Set([3]))).toBe(5)
  progress.wrote(6)
  expect(progress.reach(new Set([3, 4]))).toBe(5)
  progress.wrote(7)
  expect(progress.reach(new Set([4]))).toBe(6)
  expect(progress.reach(new Set())).toBe(8)
})
