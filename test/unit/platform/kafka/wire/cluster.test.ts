import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { Cluster } from '../../../../../services/platform/kafka/wire/cluster.ts'

beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] }))
afterEach(() => void vi.useRealTimers())

const createCluster = () => new Cluster({ clientId: 'test', brokers: [] })

test('questions for metadata of the same turn are one request, and each is answered with its own topics', async () => {
  const cluster = createCluster()
  const asked = vi.spyOn(cluster, 'askAny').mockResolvedValue({
    brokers: [],
    topics: ['a', 'b', 'c'].map((name) => ({
      name,
      topicId: '00000000-0000-0000-0000-000000000000',
      errorCode: 0,
      partitions: [],
      topicAuthorizedOperations: -1,
    })),
  })
  const answers = await Promise.all([cluster.metadata(['a', 'b']), cluster.metadata(['b', 'c'])])
  expect(asked).toHaveBeenCalledOnce()
  expect(answers.map((states) => [...states.keys()])).toEqual([
    ['a', 'b'],
    ['b', 'c'],
  ])
  await cluster.metadata(['a'])
  expect(asked).toHaveBeenCalledTimes(2)
})

test('all readers of a cluster refresh in the same turn, until they are closed', async () => {
  const cluster = createCluster()
  const due = [vi.fn(), vi.fn()] as const
  const timers = due.map((each) => cluster.everyRefresh(each))
  vi.advanceTimersByTime(4_000)
  expect(due.map(({ mock }) => mock.calls.length)).toEqual([1, 1])
  timers[0]?.cancel()
  vi.advanceTimersByTime(4_000)
  expect(due.map(({ mock }) => mock.calls.length)).toEqual([1, 2])
  timers[1]?.cancel()
  expect(vi.getTimerCount()).toBe(0)
})
