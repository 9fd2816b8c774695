import { type Connection, NetworkError } from '@platformatic/kafka'
import fc from 'fast-check'
import { expect, onTestFinished, test } from 'vitest'
import { LogChanged } from '../../../../../services/platform/kafka/log-ids.ts'
import { PartitionReader } from '../../../../../services/platform/kafka/readers/partition-reader.ts'
import type { SendFetch } from '../../../../../services/platform/kafka/wire/fetch-protocol.ts'
import { systemClock } from '../../../../../services/platform/runtime/clock.ts'
import { FakeBrokers, startReader, topic } from './fake-brokers.ts'

test('every record is handed over once and in order, whatever leaders, sessions and connections do', async () => {
  const step = fc.record({
    writes: fc.array(fc.nat(3), { maxLength: 4 }),
    moves: fc.option(fc.nat(3)),
    faults: fc.array(fc.constantFrom('session' as const, 'connection' as const), { maxLength: 2 }),
    isSlow: fc.boolean(),
  })
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 8 }), async (steps) => {
      const brokers = new FakeBrokers(4)
      let isSlow = false
      const seen = brokers.logs.map((): string[] => [])
      const { reader, faults } = startReader(brokers, {
        onBatch: async ({ partition, records }) => {
          if (isSlow) await systemClock.sleep(5)
          const taken = records.slice(0, 1)
          seen[partition]?.push(...taken.map(({ value }) => String(value)))
          return taken.length
        },
      })
      let written = 0
      for (const next of steps) {
        isSlow = next.isSlow
        for (const partition of next.writes) brokers.logs[partition]?.push(`v${written++}`)
        if (next.moves !== null) brokers.move(next.moves)
        brokers.faults.push(...next.faults)
        await systemClock.sleep(2)
      }
      await expect.poll(() => seen, { interval: 5 }).toEqual(brokers.logs)
      await reader[Symbol.asyncDispose]()
      expect(faults).toEqual([])
    }),
    { numRuns: 30, endOnFailure: true },
  )
})

test('a partition whose batch is slow is not fetched again before it ends, and the others are', async () => {
  const brokers = new FakeBrokers(2)
  brokers.leaders.fill(0)
  const held = Promise.withResolvers<void>()
  const handled: number[] = []
  startReader(brokers, {
    onBatch: async ({ partition, records }) => {
      handled.push(partition)
      if (partition === 0) await held.promise
      return records.length
    },
  })
  brokers.logs[0]?.push('a', 'b', 'c', 'd')
  brokers.logs[1]?.push('a', 'b', 'c', 'd')
  await expect.poll(() => handled.filter((partition) => partition === 1).length).toBe(2)
  expect(handled.filter((partition) => partition === 0).length).toBe(1)
  held.resolve()
  await expect.poll(() => handled.filter((partition) => partition === 0).length).toBe(2)
})

test('a partition that moves while its batch is handled is then fetched from its new leader', async () => {
  const brokers = new FakeBrokers(2)
  brokers.leaders.fill(0)
  const held = Promise.withResolvers<void>()
  const seen: string[] = []
  const { reader } = startReader(brokers, {
    onBatch: async ({ partition, records }) => {
      seen.push(...records.map(({ value }) => String(value)))
      if (partition === 0) await held.promise
      return records.length
    },
  })
  brokers.logs[0]?.push('a')
  await expect.poll(() => seen).toEqual(['a'])
  brokers.move(0)
  brokers.move(1)
  brokers.logs[1]?.push('x')
  await expect.poll(() => seen).toEqual(['a', 'x'])
  // The new leader has nothing to be asked for until the batch has been handled.
  reader.pause(topic, 1)
  await systemClock.sleep(50)
  brokers.logs[0]?.push('b')
  held.resolve()
  await expect.poll(() => seen).toEqual(['a', 'x', 'b'])
})

test('a topic of the same name with another id ends the reader with LogChanged', async () => {
  const brokers = new FakeBrokers(1)
  brokers.logs[0]?.push('a')
  const { seen, faults } = startReader(brokers)
  await expect.poll(() => seen).toEqual([['a']])
  brokers.topicId = 'b2'
  await expect.poll(() => faults[0]).toBeInstanceOf(LogChanged)
})

test('a handler that throws ends the reader with its error', async () => {
  const brokers = new FakeBrokers(1)
  brokers.logs[0]?.push('a')
  const { faults } = startReader(brokers, {
    onBatch: () => {
      throw new Error('a fault of the handler')
    },
  })
  await expect.poll(() => String(faults[0])).toContain('a fault of the handler')
})

test('partitions that are added while a broker has nothing to answer are fetched at once, and nobody is told of a fault', async () => {
  const brokers = new FakeBrokers(3)
  brokers.leaders.fill(0)
  brokers.logs[1]?.push('b')
  const polls: number[][] = []
  const reported: unknown[] = []
  const closed = new Map<Connection, PromiseWithResolvers<never>>()
  const connection = async () => {
    const close = async () => closed.get(opened)?.reject(new NetworkError('Connection closed'))
    const opened = { nodeId: 0, close } as unknown as Connection
    const end = Promise.withResolvers<never>()
    end.promise.catch(() => undefined)
    closed.set(opened, end)
    return opened
  }
  const cluster = Object.assign(brokers, { connection })
  const send: SendFetch = async (on, request) => {
    polls.push(request.positions.map(({ partition }) => partition))
    const answer = await brokers.send(on, request)
    if (answer.partitions.length > 0) return answer
    // A long poll without an end.
    return closed.get(on)?.promise ?? answer
  }
  const seen: string[] = []
  const reader = new PartitionReader(cluster, {
    maxWaitMs: 60_000,
    clock: systemClock,
    send,
    fail: (error) => void reported.push(error),
    onFault: (_place, fault) => void reported.push(fault),
    onBatch: ({ records }) => {
      seen.push(...records.map(({ value }) => String(value)))
      return records.length
    },
  })
  onTestFinished(() => reader[Symbol.asyncDispose]())
  await reader.prepare([topic])
  reader.read(new Map([[topic, new Map([0, 2].map((partition) => [partition, 0]))]]))
  await expect.poll(() => polls).toEqual([[0, 2]])
  reader.begin(topic, 1, 0)
  await expect.poll(() => seen).toEqual(['b'])
  expect(polls[1]?.toSorted()).toEqual([0, 1, 2])
  expect(reported).toEqual([])
})
