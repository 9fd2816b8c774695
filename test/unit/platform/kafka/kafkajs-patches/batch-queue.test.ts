import { expect, test } from 'vitest'
import { worker, workerQueue } from '../../../../../services/platform/kafka/kafkajs-patches/batch-queue.ts'

function queueOf(handler: (name: string) => Promise<void>) {
  return workerQueue(null)({ workers: [worker(null)({ handler: handler as never })] })
}

test('a waiting batch delays no other batch, and the next fetch waits for it', async () => {
  const waiting = Promise.withResolvers<void>()
  const handled: string[] = []
  const pushed = queueOf(async (name) => {
    if (name === 'slow') await waiting.promise
    handled.push(name)
  }).push('slow', 'quick')
  let done = false
  void pushed.then(() => {
    done = true
  })
  await new Promise(setImmediate)
  expect([handled, done]).toEqual([['quick'], false])
  waiting.resolve()
  await pushed
  expect(handled).toEqual(['quick', 'slow'])
})

test('an error is reported once all batches have ended', async () => {
  const ended: string[] = []
  const pushed = queueOf(async (name) => {
    if (name === 'bad') throw new Error('bad batch')
    await new Promise(setImmediate)
    ended.push(name)
  }).push('bad', 'good')
  await expect(pushed).rejects.toThrow('bad batch')
  expect(ended).toEqual(['good'])
})
