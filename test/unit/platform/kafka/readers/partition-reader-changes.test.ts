import { expect, test, vi } from 'vitest'
import { systemClock } from '../../../../../services/platform/runtime/clock.ts'
import { FakeBrokers, startReader, topic } from './fake-brokers.ts'

// Changes while a reader is reading: the partitions that it reads, rights, retention, and the topic.

test('what is on its way for a reading that was replaced is not handed over', async () => {
  const brokers = new FakeBrokers(1)
  const handed: number[] = []
  const { reader } = startReader(brokers, {
    onBatch: ({ records }) => {
      handed.push(...records.map(({ offset }) => offset))
      return records.length
    },
  })
  const ready = Promise.withResolvers<void>()
  const go = Promise.withResolvers<void>()
  brokers.beforeAnswer = () => {
    brokers.beforeAnswer = undefined
    ready.resolve()
    return go.promise
  }
  brokers.logs[0]?.push('a', 'b', 'c', 'd')
  await ready.promise
  reader.read(new Map([[topic, new Map([[0, 2]])]]))
  go.resolve()
  await expect.poll(() => handed).toEqual([2, 3])
  reader.end(topic, 0)
  brokers.logs[0]?.push('e')
  await systemClock.sleep(30)
  expect(handed).toEqual([2, 3])
  reader.begin(topic, 0, 1)
  await expect.poll(() => handed).toEqual([2, 3, 1, 2, 3, 4])
})

test('a partition that is read anew waits for the batch of its former reading', async () => {
  const brokers = new FakeBrokers(1)
  const held = Promise.withResolvers<void>()
  let running = 0
  let most = 0
  const handed: number[] = []
  const { reader } = startReader(brokers, {
    onBatch: async ({ records }) => {
      most = Math.max(most, ++running)
      handed.push(...records.map(({ offset }) => offset))
      await held.promise
      running--
      return records.length
    },
  })
  brokers.logs[0]?.push('a', 'b')
  await expect.poll(() => handed).toEqual([0, 1])
  reader.read(new Map())
  reader.read(new Map([[topic, new Map([[0, 0]])]]))
  await systemClock.sleep(30)
  expect(handed).toEqual([0, 1])
  held.resolve()
  await expect.poll(() => handed).toEqual([0, 1, 0, 1])
  expect(most).toBe(1)
})

test('a broker without room for sessions is asked for every partition, in turns', async () => {
  const brokers = new FakeBrokers(4)
  brokers.hasFullCache = true
  const { seen } = startReader(brokers)
  for (const log of brokers.logs) log.push('a', 'b', 'c')
  await expect.poll(() => seen).toEqual(brokers.logs)
})

test('records that were deleted before they were read are skipped and reported, but not those before the first one', async () => {
  const brokers = new FakeBrokers(2)
  brokers.logs[0]?.push('a', 'b', 'c')
  brokers.logs[1]?.push('a', 'b', 'c')
  brokers.starts.push(2, 2)
  const onDeleted = vi.fn()
  const onPassed = vi.fn()
  const { reader, seen } = startReader(brokers, { onDeleted, onPassed })
  reader.read(
    new Map([
      [
        topic,
        new Map([
          [0, 0],
          [1, 1],
        ]),
      ],
    ]),
  )
  await expect.poll(() => seen).toEqual([['c'], ['c']])
  expect(onDeleted).toHaveBeenCalledExactlyOnceWith({ topic, partition: 1, fromOffset: 1, toOffset: 2 })
  expect(onPassed).toHaveBeenCalledWith({ topic, partition: 0, nextOffset: 2 })
})

test('a topic that may not be read is named before anything is read of it, and until it may be', async () => {
  const brokers = new FakeBrokers(1)
  brokers.denied = ['Read']
  const places = new Map<string, string | undefined>()
  const { reader } = startReader(brokers, { onFault: (place, fault) => void places.set(place, fault?.message) })
  await expect(reader.prepare([topic])).rejects.toMatchObject({
    kind: 'denied',
    message: expect.stringContaining(`no permission to Read ${topic}: Kafka's ACLs do not allow it`),
  })
  await expect.poll(() => places.get(topic)).toContain('no permission to Read')
  brokers.denied = []
  await expect.poll(() => places).toEqual(new Map([[topic, undefined]]))
})

test('partitions that are added to a topic are reported', async () => {
  const brokers = new FakeBrokers(2)
  const onMorePartitions = vi.fn()
  const { reader } = startReader(brokers, { onMorePartitions })
  await reader.prepare([topic])
  brokers.logs.push([])
  brokers.leaders.push(0)
  await expect.poll(() => onMorePartitions.mock.calls).toEqual([[topic, 3]])
})

test('partitions that are added while the first one has no leader are reported', async () => {
  const brokers = new FakeBrokers(1)
  const [leader = 0] = brokers.leaders.splice(0, 1, -1)
  const onMorePartitions = vi.fn()
  const { reader } = startReader(brokers, { onMorePartitions })
  await reader.prepare([topic])
  brokers.logs.push([], [])
  brokers.leaders.splice(0, 1, leader, 0, 1)
  await expect.poll(() => onMorePartitions.mock.calls).toEqual([[topic, 3]])
})
