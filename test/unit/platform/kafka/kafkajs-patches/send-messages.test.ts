import { createRequire } from 'node:module'
import type { PartitionMetadata } from 'kafkajs'
import { expect, test, vi } from 'vitest'
import {
  type ProduceResponse,
  withResponse,
} from '../../../../../services/platform/kafka/kafkajs-patches/protocols/produce-response.ts'
import {
  type TrackedMessage,
  trackingSendMessages,
} from '../../../../../services/platform/kafka/kafkajs-patches/send-messages.ts'

const require = createRequire(import.meta.url)
const { KafkaJSConnectionClosedError } = require('kafkajs/src/errors.js')
const createRetry = require('kafkajs/src/retry/index.js')
const responses = require('kafkajs/src/protocol/requests/produce/v3/response.js')

const { parse } = withResponse(responses)
const notLeader = 6
const tooLarge = 10
const unauthorized = 29

/**
 * Reaction of a broker to a partition of a request: accepts it, answers with an error code, disconnects before answering,
 * or hangs until the metadata are read that no longer name it.
 */
type Fate = 'ok' | number | 'cut off' | 'hang'

/**
 * A cluster in which every partition has a leader.
 * @param leaders partition -> node of topic t, one list for each reading of the metadata; the last one is repeated
 * @param fates of `node/partition`, in turn, then ok
 */
function clusterOf(leaders: number[][], fates: Record<string, Fate[]> = {}) {
  const log = new Map<number, unknown[]>()
  let readings = 0
  const hanging: (() => void)[] = []
  const produce = (node: number) => async (request: { topicData: { topic: string; partitions: Data[] }[] }) => {
    const isHanging = request.topicData.some(({ partitions }) =>
      partitions.some(({ partition }) => fates[`${node}/${partition}`]?.[0] === 'hang'),
    )
    if (isHanging) {
      await new Promise<void>((resolve) => hanging.push(resolve))
      throw new KafkaJSConnectionClosedError('closed', { host: 'broker', port: node })
    }
    const results = request.topicData.map(({ topic, partitions }) => ({
      topicName: topic,
      partitions: partitions.map(({ partition, messages }) => take(node, partition, messages)),
    }))
    if (results.some(({ partitions }) => partitions.some(({ errorCode }) => errorCode === null)))
      throw new KafkaJSConnectionClosedError('closed', { host: 'broker', port: node })
    return parse({ topics: results } as ProduceResponse)
  }
  type Data = { partition: number; messages: TrackedMessage[] }
  function take(node: number, partition: number, messages: TrackedMessage[]) {
    const fate = fates[`${node}/${partition}`]?.shift() ?? 'ok'
    const entries = log.get(partition) ?? []
    const baseOffset = String(entries.length)
    // A request may have been handled before the disconnect.
    if (typeof fate !== 'number') log.set(partition, [...entries, ...messages.map(({ value }) => value)])
    return { partition, errorCode: fate === 'cut off' ? null : fate === 'ok' ? 0 : fate, baseOffset }
  }
  const cluster = {
    isConnected: () => true,
    connect: async () => undefined,
    addMultipleTargetTopics: async () => undefined,
    refreshMetadataIfNecessary: async () => undefined,
    refreshMetadata: vi.fn(async () => {
      readings++
      // kafkajs closes the connections to brokers that the metadata do not name.
      if (leaders[readings]) for (const close of hanging.splice(0)) close()
    }),
    removeBroker: vi.fn(),
    findTopicPartitionMetadata: () =>
      (leaders[readings] ?? leaders.at(-1) ?? []).map(
        (leader, partitionId) => ({ partitionId, leader }) as PartitionMetadata,
      ),
    findBroker: async ({ nodeId }: { nodeId: number }) => ({ produce: produce(nodeId) }),
  }
  const byKafkajs = vi.fn(async () => undefined)
  const send = async (messages: TrackedMessage[], { idempotent = false } = {}) => {
    const retrier = createRetry({ retries: 3, initialRetryTime: 1, maxRetryTime: 1 })
    const eosManager = { isInitialized: () => idempotent }
    const logger = { error: () => undefined }
    const edges = { cluster, partitioner: () => 0, retrier, logger, eosManager } as never
    await trackingSendMessages(() => byKafkajs)(edges)({ acks: -1, topicMessages: [{ topic: 't', messages }] })
    return messages.map(({ offset }) => offset)
  }
  return { send, cluster, log: () => Object.fromEntries(log), byKafkajs }
}

const to = (...partitions: number[]): TrackedMessage[] =>
  partitions.map((partition, index) => ({ key: null, value: `m${index}`, partition }))

test('messages are sent to the leaders of their partitions and get their offsets', async () => {
  const made = clusterOf([[1, 2, 1]])
  expect(await made.send(to(0, 1, 2, 0, 1))).toEqual([0, 0, 0, 1, 1])
  expect(made.log()).toEqual({ 0: ['m0', 'm3'], 1: ['m1', 'm4'], 2: ['m2'] })
})

test('a partition refused by its broker is sent again alone, so that the others are in the log once', async () => {
  const made = clusterOf([[1, 1, 1]], { '1/1': [notLeader, notLeader] })
  expect(await made.send(to(0, 1, 2, 1))).toEqual([0, 0, 0, 1])
  expect(made.log()).toEqual({ 0: ['m0'], 1: ['m1', 'm3'], 2: ['m2'] })
  expect(made.cluster.refreshMetadata).toHaveBeenCalledTimes(2)
})

test('a partition that moves to a broker that has already answered is sent there', async () => {
  const made = clusterOf(
    [
      [1, 2],
      [1, 1],
    ],
    { '2/1': [notLeader] },
  )
  expect(await made.send(to(0, 1))).toEqual([0, 0])
  expect(made.log()).toEqual({ 0: ['m0'], 1: ['m1'] })
})

test('only a partition whose answer was lost may be in the log twice', async () => {
  const made = clusterOf([[1, 2]], { '2/1': ['cut off'] })
  expect(await made.send(to(0, 1))).toEqual([0, 1])
  expect(made.log()).toEqual({ 0: ['m0'], 1: ['m1', 'm1'] })
  expect(made.cluster.removeBroker).toHaveBeenCalledExactlyOnceWith({ host: 'broker', port: 2 })
})

test('a broker that hangs is waited for until Kafka has found new leaders, and not until its request is overdue', async () => {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] })
  try {
    const made = clusterOf(
      [
        [1, 2],
        [1, 1],
      ],
      { '2/1': ['hang'] },
    )
    const sent = made.send(to(0, 1))
    await vi.waitFor(() => expect(made.log()).toEqual({ 0: ['m0'] }))
    vi.advanceTimersByTime(2_000)
    expect(await sent).toEqual([0, 0])
    expect(made.log()).toEqual({ 0: ['m0'], 1: ['m1'] })
    expect(vi.getTimerCount()).toBe(0)
  } finally {
    vi.useRealTimers()
  }
})

test('a partition missing from the metadata is waited for, not skipped, and delays no other', async () => {
  const made = clusterOf([[1], [1], [1, 1]])
  expect(await made.send(to(0, 1))).toEqual([0, 0])
  const never = clusterOf([[1]])
  await expect(never.send(to(0, 1))).rejects.toThrow('partition 1 of t is not known yet')
  expect(never.log()).toEqual({ 0: ['m0'] })
})

test('the partition of a key is chosen once', async () => {
  const made = clusterOf([[1]], { '1/0': [notLeader] })
  const message: TrackedMessage = { key: 'k', value: 'v' }
  expect(await made.send([message])).toEqual([0])
  expect(message.partition).toBe(0)
})

test.each([
  ['too large', tooLarge],
  ['not allowed', unauthorized],
])(
  'an error that retries cannot solve (%s) is thrown at once, with what was accepted beside it',
  async (_what, code) => {
    const made = clusterOf([[1, 1, 1]], { '1/0': [notLeader], '1/1': [code, code] })
    const messages = to(0, 1, 2)
    await expect(made.send(messages)).rejects.toMatchObject({ code })
    expect(messages.map(({ offset }) => offset)).toEqual([undefined, undefined, 0])
  },
)

test('sending again continues where it stopped', async () => {
  const made = clusterOf([[1, 1]], { '1/1': Array(4).fill(notLeader) })
  const messages = to(0, 1)
  await expect(made.send(messages)).rejects.toMatchObject({ name: 'KafkaJSNumberOfRetriesExceeded' })
  expect(await made.send(messages)).toEqual([0, 0])
  expect(made.log()).toEqual({ 0: ['m0'], 1: ['m1'] })
})

test('an idempotent producer sends as kafkajs does', async () => {
  const made = clusterOf([[1]])
  await made.send(to(0), { idempotent: true })
  expect(made.byKafkajs).toHaveBeenCalledOnce()
  expect(made.log()).toEqual({})
})
