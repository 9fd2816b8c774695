import { expect, test } from 'vitest'
import { Patience } from '../../../../services/platform/kafka/patience.ts'
import { WaitAbandoned } from '../../../../services/platform/runtime/retry-until.ts'

const place = { topic: 't', partition: 3 }
const turn = () => new Promise((resolve) => setImmediate(resolve))

function bench() {
  const log: string[] = []
  const stopping = new AbortController()
  const assignment = { partitions: new Map(), current: true, fresh: false }
  let runOut = () => {}
  const patience = new Patience({
    clock: { sleep: () => new Promise((resolve) => (runOut = resolve)) },
    pause: (topic, partition) => log.push(`pause ${topic}/${partition}`),
    resume: (topic, partition) => log.push(`resume ${topic}/${partition}`),
    stopping: stopping.signal,
  })
  const coming = Promise.withResolvers<string>()
  const waiting = patience.wait(coming.promise, { ...place, assignment })
  return { log, stopping, assignment, coming, waiting, runOut: () => runOut() }
}

test('work that ends soon is waited for, and nothing is paused', async () => {
  const { log, coming, waiting } = bench()
  coming.resolve('schema')
  expect(await waiting).toBe('schema')
  expect(log).toEqual([])
})

test('work that fails soon fails at once', async () => {
  const { log, coming, waiting } = bench()
  coming.reject(new Error('broken'))
  await expect(waiting).rejects.toThrow('broken')
  expect(log).toEqual([])
})

test.each(['resolve', 'reject'] as const)(
  'work that takes long pauses only its partition until it ends: %s',
  async (end) => {
    const { log, coming, waiting, runOut } = bench()
    runOut()
    expect(await waiting).toBe('not yet')
    expect(log).toEqual(['pause t/3'])
    coming[end]('schema')
    await turn()
    expect(log).toEqual(['pause t/3', 'resume t/3'])
  },
)

test('a partition that has left in the meantime is not resumed', async () => {
  const { log, assignment, coming, waiting, runOut } = bench()
  runOut()
  await waiting
  assignment.current = false
  coming.resolve('schema')
  await turn()
  expect(log).toEqual(['pause t/3'])
})

test('nothing is paused during a shutdown', async () => {
  const { log, stopping, waiting, runOut } = bench()
  stopping.abort()
  runOut()
  expect(await waiting).toBe('not yet')
  expect(log).toEqual([])
})

test.each(['soon', 'late'])(
  'work that is abandoned %s leaves its partition paused: the next owner reads the record',
  async (when) => {
    const { log, coming, waiting, runOut } = bench()
    if (when === 'late') runOut()
    if (when === 'late') await waiting
    coming.reject(new WaitAbandoned('the registry does not answer'))
    expect(await waiting).toBe('not yet')
    await turn()
    expect(log).toEqual(['pause t/3'])
  },
)
