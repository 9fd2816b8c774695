import { expect, test } from 'vitest'
import { worker, workerQueue } from '../../../../services/platform/kafka/batch-queue.ts'

type Batch = { name: string; rawMessages: unknown[] }
const empty = (name: string): Batch => ({ name, rawMessages: [] })
const filled = (name: string): Batch => ({ name, rawMessages: [{}] })

function queueOf(handler: (batch: Batch) => Promise<void>) {
  return workerQueue(null)({ workers: [worker(null)({ handler: handler as never })] })
}

test.each([
  ['what brought something is handled', [empty('a'), filled('b'), empty('c'), filled('d')], ['b', 'd']],
  ['one is handled where nothing came: its heartbeat', [empty('a'), empty('b')], ['a']],
])('%s', async (_name, batches, expected) => {
  const handled: string[] = []
  await queueOf(async ({ name }) => void handled.push(name)).push(...batches)
  expect(handled).toEqual(expected)
})

test('a batch that waits holds up no other, and the next fetch waits for it', async () => {
  const waiting = Promise.withResolvers<void>()
  const handled: string[] = []
  const pushed = queueOf(async ({ name }) => {
    if (name === 'slow') await waiting.promise
    handled.push(name)
  }).push(filled('slow'), filled('quick'))
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

test('an error is told once all of them have ended', async () => {
  const ended: string[] = []
  const pushed = queueOf(async ({ name }) => {
    if (name === 'bad') throw new Error('bad batch')
    await new Promise(setImmediate)
    ended.push(name)
  }).push(filled('bad'), filled('good'))
  await expect(pushed).rejects.toThrow('bad batch')
  expect(ended).toEqual(['good'])
})
