import { expect, test } from 'vitest'
import { DefinitionWait } from '../../../../services/dispatcher/intake/definition-wait.ts'
import type { RecordBatch } from '../../../../services/platform/kafka/consumer.ts'

const batchUpTo = (nextOffset: number) => ({ nextOffset }) as RecordBatch
const position = (offset: number, partition = 0) => ({ topic: 'webhook-deliveries', partition, offset })
const turn = () => new Promise((resolve) => setImmediate(resolve))

/** A definitions table at offset 10 that is read to its end when `endReached` is called. */
function bench() {
  const reads: PromiseWithResolvers<void>[] = []
  const waited: { offset: number; over: AbortSignal | undefined; resolve: () => void }[] = []
  const wait = new DefinitionWait({
    topic: {
      position: () => 10,
      reached: (_partition, offset, over) => new Promise((resolve) => waited.push({ offset, over, resolve })),
      caughtUp: () => {
        const read = Promise.withResolvers<void>()
        reads.push(read)
        return read.promise
      },
    },
    clock: { sleep: async () => {} },
  })
  return { wait, reads, waited }
}

test('a definition already in the table is not waited for', () => {
  expect(bench().wait.needed(position(0), 9, batchUpTo(5))).toBe(undefined)
})

test('a definition that arrives ends the wait', async () => {
  const { wait, waited } = bench()
  const needed = wait.needed(position(0), 10, batchUpTo(5))
  expect(waited[0]?.offset).toBe(11)
  waited[0]?.resolve()
  await needed
  expect(waited[0]?.over?.aborted).toBe(true)
})

test('an offset that never comes is waited for until the table is read to its end, once per batch', async () => {
  const { wait, reads, waited } = bench()
  const needed = wait.needed(position(0), 1_000_000, batchUpTo(5))
  await turn()
  reads[0]?.resolve()
  await needed
  expect(waited[0]?.over?.aborted).toBe(true)
  for (const offset of [1, 2, 4]) expect(wait.needed(position(offset), 1_000_000, batchUpTo(5))).toBe(undefined)
  // A later delivery may be by a later definition.
  expect(wait.needed(position(5), 1_000_000, batchUpTo(9))).toBeInstanceOf(Promise)
  expect(wait.needed(position(4, 1), 1_000_000, batchUpTo(5))).toBeInstanceOf(Promise)
})

test('partitions that begin to wait in the meantime share one more read, which begins after them', async () => {
  const { wait, reads } = bench()
  const first = wait.needed(position(0), 50, batchUpTo(5))
  await turn()
  const others = [1, 2, 3].map((partition) => wait.needed(position(0, partition), 50, batchUpTo(5)))
  await turn()
  expect(reads).toHaveLength(1)
  reads[0]?.resolve()
  await first
  await turn()
  expect(reads).toHaveLength(2)
  reads[1]?.resolve()
  await Promise.all(others)
  expect(reads).toHaveLength(2)
})
