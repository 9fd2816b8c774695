import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { BrokerConnection } from '../../../../../services/platform/kafka/wire/broker-connection.ts'
import { Cluster } from '../../../../../services/platform/kafka/wire/cluster.ts'
import { KafkaFault } from '../../../../../services/platform/kafka/wire/kafka-fault.ts'

beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] }))
afterEach(() => {
  vi.useRealTimers()
  vi.restoreAllMocks()
})

type Answered = { id?: string; errorCode?: number; epochs?: number[] }

const topicId = (digit: string) => `0000000${digit}-0000-0000-0000-000000000000`

/** An answer to Metadata: topic -> its log, and the epochs of its partitions' leaders. */
function answer(topics: Record<string, Answered>) {
  return {
    brokers: [],
    topics: Object.entries(topics).map(([name, { id = '1', errorCode = 0, epochs = [] }]) => ({
      name,
      topicId: topicId(id),
      errorCode,
      partitions: epochs.map((leaderEpoch, partitionIndex) => ({ partitionIndex, leaderId: 1, leaderEpoch })),
      topicAuthorizedOperations: -1,
    })),
  }
}

/** Brokers by their hosts, each with its own metadata; null for one that does not answer. */
function openBrokers(metadata: Record<string, ReturnType<typeof answer> | null>) {
  const asked: string[] = []
  const hosts = new WeakMap<BrokerConnection, string>()
  const socket = { setTimeout: () => {}, setKeepAlive: () => {}, unref: () => {}, destroy: () => {} }
  vi.spyOn(BrokerConnection.prototype, 'connect').mockImplementation(async function (
    this: BrokerConnection,
    host: string,
  ) {
    hosts.set(this, host)
    Object.defineProperty(this, 'socket', { value: socket })
  } as never)
  vi.spyOn(BrokerConnection.prototype, 'send').mockImplementation(function (this: BrokerConnection, ...given: never[]) {
    const host = hosts.get(this) ?? ''
    asked.push(host)
    const found = metadata[host]
    const away = new KafkaFault('connection', null, `${host} does not answer`)
    const done = given.at(-1) as unknown as (fault: Error | null, answer?: object) => void
    if (found) done(null, found)
    else done(away)
  } as never)
  const brokers = Object.keys(metadata).map((host) => ({ host, port: 9092 }))
  return { cluster: new Cluster({ clientId: 'test', brokers }), asked }
}

test('questions for metadata of the same turn are one request, and each is answered with its own topics', async () => {
  const { cluster, asked } = openBrokers({ a: answer({ a: {}, b: {}, c: {} }) })
  const answers = await Promise.all([cluster.metadata(['a', 'b']), cluster.metadata(['b', 'c'])])
  expect(asked).toEqual(['a'])
  expect(answers.map((states) => [...states.keys()])).toEqual([
    ['a', 'b'],
    ['b', 'c'],
  ])
  await cluster.metadata(['a'])
  expect(asked).toEqual(['a', 'a'])
})

const known = { epochs: [3, 7] }
test.each<[string, 'up to date' | 'behind', Answered]>([
  ['the same', 'up to date', known],
  ['a later leader', 'up to date', { epochs: [3, 8] }],
  ['an earlier leader', 'behind', { epochs: [4, 6] }],
  ['an added partition', 'up to date', { epochs: [3, 7, 0] }],
  ['a partition less', 'behind', { epochs: [3] }],
  ['another log', 'up to date', { id: '2', epochs: [0] }],
  ['no such topic', 'up to date', { errorCode: 3 }],
])('metadata with %s are those of a broker that is %s', async (_what, stands, state) => {
  const metadata: Parameters<typeof openBrokers>[0] = { a: answer({ t: known }), b: null, c: answer({ t: known }) }
  const { cluster, asked } = openBrokers(metadata)
  await cluster.metadata(['t'])
  asked.splice(0)
  Object.assign(metadata, { a: null, b: answer({ t: state }) })
  const epochs = async () => (await cluster.metadata(['t'])).get('t')?.leaders.map(({ epoch }) => epoch)
  expect(await epochs()).toEqual(stands === 'behind' ? known.epochs : (state.epochs ?? []))
  expect(asked).toEqual(stands === 'behind' ? ['a', 'b', 'c'] : ['a', 'b'])
  // A broker that was behind is asked last until it has caught up.
  Object.assign(metadata, { c: null, b: answer({ t: known }) })
  if (stands === 'behind') expect(await epochs()).toEqual(known.epochs)
})

test('metadata are unknown while every broker that answers is behind', async () => {
  const metadata: Parameters<typeof openBrokers>[0] = { a: answer({ t: known }), b: answer({ t: { epochs: [3, 6] } }) }
  const { cluster } = openBrokers(metadata)
  await cluster.metadata(['t'])
  metadata.a = null
  await expect(cluster.metadata(['t'])).rejects.toThrow('topic t has the leader of partition 1 in epoch 6 instead of 7')
})

test('all readers of a cluster refresh in the same turn, until they are closed', async () => {
  const cluster = new Cluster({ clientId: 'test', brokers: [] })
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
