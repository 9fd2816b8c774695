import { expect, test } from 'vitest'
import { WriteQueue, WriteTimeout } from '../../../../services/admin/definition-writes/write-queue.ts'
import { stillClock } from '../support.ts'

const instantly = { ...stillClock, sleep: async () => undefined }
const never = new Promise<void>(() => undefined)

test('writes of one business wait for each other, those of another do not', async () => {
  const queue = new WriteQueue(stillClock, 1_000)
  const order: string[] = []
  const gate = Promise.withResolvers<void>()
  const first = queue.run('b1', async () => {
    await gate.promise
    order.push('first')
  })
  const second = queue.run('b1', async () => order.push('second'))
  await queue.run('b2', async () => order.push('other'))
  gate.resolve()
  await Promise.all([first, second])
  expect(order).toEqual(['other', 'first', 'second'])
})

test('a failed write is reported to its caller and delays no other', async () => {
  const queue = new WriteQueue(stillClock, 1_000)
  const failed = queue.run('b1', async () => {
    throw new Error('refused')
  })
  await expect(failed).rejects.toThrow('refused')
  await expect(queue.run('b1', async () => 'next')).resolves.toBe('next')
})

test('a write that did not begin in time never takes effect', async () => {
  const queue = new WriteQueue(instantly, 1_000)
  const gate = Promise.withResolvers<void>()
  const begun = queue.run('b1', () => gate.promise)
  let effect = false
  const waiting = queue.run('b1', async () => {
    effect = true
  })
  await expect(begun).rejects.toThrow(WriteTimeout)
  await expect(waiting).rejects.toThrow(WriteTimeout)
  gate.resolve()
  await queue.wait('b1', async () => undefined)
  expect(effect).toBe(false)
})

test('without a limit a write waits as long as it takes', async () => {
  const queue = new WriteQueue(instantly, 1)
  const outcome = await Promise.race([queue.wait('b1', () => never), Promise.resolve('still waiting')])
  expect(outcome).toBe('still waiting')
})
