import { type Connection, NetworkError } from '@platformatic/kafka'
import fc from 'fast-check'
import { expect, onTestFinished, test } from 'vitest'
import { LogChanged } from '../../../../../services/platform/kafka/log-ids.ts'
import { PartitionReader } from '../../../../../services/platform/kafka/readers/partition-reader.ts'
import type { PartitionReaderOptions } from '../../../../../services/platform/kafka/readers/reading.ts'
import type { ReaderCluster, TopicState } from '../../../../../services/platform/kafka/wire/cluster.ts'
import type {
  FetchPosition,
  PartitionAnswer,
  SendFetch,
} from '../../../../../services/platform/kafka/wire/fetch-protocol.ts'
import { type Clock, systemClock } from '../../../../../services/platform/runtime/clock.ts'

/** Pauses pass quickly; what happens in between is real. */
const clock: Clock = { ...systemClock, sleep: (ms, signal) => systemClock.sleep(Math.min(ms, 2), signal) }

const notLeader = 6
const unknownTopicId = 100
const sessionNotFound = 70
const topic = 't'

/** Brokers with sessions as KIP-227 describes them, whose partitions move and whose answers fail. */
class FakeBrokers implements ReaderCluster {
  topicId = 'a1'
  readonly logs: string[][]
  readonly leaders: number[]
  epoch = 0
  /** Faults of the next answers. */
  faults: ('session' | 'connection')[] = []
  fetches = 0
  readonly #sessions = new Map<number, { id: number; epoch: number; positions: Map<number, FetchPosition> }>()

  constructor(partitions: number) {
    this.logs = Array.from({ length: partitions }, () => [])
    this.leaders = Array.from({ length: partitions }, (_unused, partition) => partition % 2)
  }

  move(partition: number): void {
    this.leaders[partition] = 1 - (this.leaders[partition] ?? 0)
    this.epoch++
  }

  async metadata(): Promise<Map<string, TopicState>> {
    const leaders = this.leaders.map((nodeId) => ({ nodeId, epoch: this.epoch }))
    return new Map([[topic, { id: this.topicId, leaders, fault: null, denied: [] }]])
  }

  connection = async (nodeId: number) => ({ nodeId, close: async () => {} }) as unknown as Connection
  describe = (nodeId: number) => `broker ${nodeId}`
  distrust = () => {}
  ends = async () => [{ partition: 0, low: 0, high: 0 }]

  send: SendFetch = async (connection, request) => {
    const { nodeId } = connection as unknown as { nodeId: number }
    this.fetches++
    const fault = this.faults.shift()
    if (fault === 'connection') throw new NetworkError('Connection closed')
    const session = this.#sessions.get(nodeId)
    if (request.sessionEpoch > 0 && (fault === 'session' || session?.epoch !== request.sessionEpoch))
      return { errorCode: sessionNotFound, sessionId: 0, partitions: [] }
    const positions = request.sessionEpoch === 0 ? new Map() : (session?.positions ?? new Map())
    for (const { partition } of request.forgotten) positions.delete(partition)
    for (const position of request.positions) positions.set(position.partition, position)
    this.#sessions.set(nodeId, { id: 1, epoch: request.sessionEpoch + 1, positions })
    for (let waited = 0; waited < 5; waited++) {
      const partitions = [...positions.values()].flatMap((position) => this.#answer(nodeId, position) ?? [])
      if (partitions.length > 0) return { errorCode: 0, sessionId: 1, partitions }
      await systemClock.sleep(1)
    }
    return { errorCode: 0, sessionId: 1, partitions: [] }
  }

  #answer(nodeId: number, { topicId, partition, offset }: FetchPosition): PartitionAnswer | undefined {
    const base = { topicId, partition, highWatermark: 0, logStartOffset: 0, bytes: 1 }
    const none = () => ({ records: [], nextOffset: offset })
    if (topicId !== this.topicId) return { ...base, errorCode: unknownTopicId, read: none }
    if (this.leaders[partition] !== nodeId) return { ...base, errorCode: notLeader, read: none }
    const values = this.logs[partition]?.slice(offset, offset + 2) ?? []
    if (values.length === 0) return undefined
    const records = values.map((value, index) => ({
      topic,
      partition,
      offset: offset + index,
      key: null,
      value: Buffer.from(value),
      headers: {},
      timestampMs: 0,
    }))
    return { ...base, errorCode: 0, read: () => ({ records, nextOffset: offset + values.length }) }
  }
}

function startReader(brokers: FakeBrokers, more: Partial<PartitionReaderOptions> = {}) {
  const seen = brokers.logs.map((): string[] => [])
  const faults: unknown[] = []
  const reader = new PartitionReader(brokers, {
    maxWaitMs: 5,
    clock,
    send: brokers.send,
    fail: (error) => void faults.push(error),
    onBatch: ({ partition, records }) => {
      seen[partition]?.push(...records.map(({ value }) => String(value)))
      return records.length
    },
    ...more,
  })
  onTestFinished(() => reader[Symbol.asyncDispose]())
  reader.read(new Map([[topic, new Map(brokers.logs.map((_log, partition) => [partition, 0]))]]))
  return { reader, seen, faults }
}

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
      await expect.poll(() => seen, { timeout: 2_000, interval: 5 }).toEqual(brokers.logs)
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
