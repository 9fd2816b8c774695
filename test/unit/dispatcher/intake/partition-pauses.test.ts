import { expect, test, vi } from 'vitest'
import { PartitionPauses } from '../../../../services/dispatcher/intake/partition-pauses.ts'

function createPauses() {
  const readers = { pause: vi.fn(), resume: vi.fn() }
  const timers = { started: 0, cancelled: 0 }
  const pauses = new PartitionPauses(readers, () => {
    timers.started++
    return { cancel: () => void timers.cancelled++ }
  })
  return { pauses, readers, timers }
}

test('a batch that waits for room continues when there is some', async () => {
  const { pauses } = createPauses()
  const waiting = pauses.waitForRoom()
  pauses.resumeForRoom()
  expect(await waiting).toBe(true)
})

test('a stop ends all waits for room at once, and no later batch waits', async () => {
  const { pauses, timers } = createPauses()
  const waiting = [pauses.waitForRoom(), pauses.waitForRoom()]
  pauses.stop()
  expect(await Promise.all(waiting)).toEqual([false, false])
  expect(await pauses.waitForRoom()).toBe(false)
  expect(timers).toEqual({ started: 2, cancelled: 2 })
})

test('a new assignment forgets pauses for room', async () => {
  const { pauses, readers } = createPauses()
  pauses.pauseForRoom('deliveries', 3)
  pauses.forgetAll()
  pauses.resumeForRoom()
  expect(readers.pause.mock.calls).toEqual([['deliveries', 3]])
  expect(readers.resume).not.toHaveBeenCalled()
})
