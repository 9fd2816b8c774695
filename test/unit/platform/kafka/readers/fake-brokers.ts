import { type Connection, NetworkError } from '@platformatic/kafka'
import { onTestFinished } from 'vitest'
import { PartitionReader } from '../../../../../services/platform/kafka/readers/partition-reader.ts'
import type { PartitionReaderOptions } from '../../../../../services/platform/kafka/readers/reading.ts'
import type { ReaderCluster, TopicState } from '../../../../../services/platform/kafka/wire/cluster.ts'
import type {
  FetchPosition,
  PartitionAnswer,
  SendFetch,
} from '../../../../../services/platform/kafka/wire/fetch-protocol.ts'
import type { PartitionEnds } from '../../../../../services/platform/kafka/wire/list-offsets.ts'
import { type Clock, systemClock } from '../../../../../services/platform/runtime/clock.ts'

/** Pauses pass quickly; what happens in between is real. */
const clock: Clock = { ...systemClock, sleep: (ms, signal) => systemClock.sleep(Math.min(ms, 2), signal) }

const notLeader = 6
const outOfRange = 1
const unknownTopicId = 100
const sessionNotFound = 70
export const topic = 't'

/** Brokers with sessions as KIP-227 describes them, whose partitions move and whose answers fail. */
export class FakeBrokers implements ReaderCluster {
  topicId = 'a1'
  readonly logs: string[][]
  readonly leaders: number[]
  epoch = 0
  /** Faults of the next answers. */
  faults: ('session' | 'connection')[] = []
  fetches = 0
  /** True if sessions are refused because the broker has too many. */
  hasFullCache = false
  /** Offset of each partition's first record. */
  readonly starts: number[] = []
  denied: TopicState['denied'] = []
  /** Called before an answer is sent, with the positions that it was asked for. */
  beforeAnswer: (() => Promise<void> | void) | undefined
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
    return new Map([[topic, { id: this.topicId, leaders, fault: null, denied: this.denied }]])
  }

  connection = async (nodeId: number) => ({ nodeId, close: async () => {} }) as unknown as Connection
  describe = (nodeId: number) => `broker ${nodeId}`
  distrust = () => {}
  everyRefresh = (due: () => void) => systemClock.every(2, due)
  ends = async (_topic: string, _of?: string, partitions?: readonly number[]): Promise<PartitionEnds[]> =>
    (partitions ?? [...this.logs.keys()]).map((partition) => ({
      partition,
      low: this.starts[partition] ?? 0,
      high: this.logs[partition]?.length ?? 0,
    }))

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
    const sessionId = this.hasFullCache ? 0 : 1
    if (sessionId > 0) this.#sessions.set(nodeId, { id: 1, epoch: request.sessionEpoch + 1, positions })
    for (let waited = 0; waited < 5; waited++) {
      const partitions = [...positions.values()].flatMap((position) => this.#answer(nodeId, position) ?? [])
      if (partitions.length > 0) {
        await this.beforeAnswer?.()
        return { errorCode: 0, sessionId, partitions }
      }
      await systemClock.sleep(1)
    }
    return { errorCode: 0, sessionId, partitions: [] }
  }

  #answer(nodeId: number, { topicId, partition, offset }: FetchPosition): PartitionAnswer | undefined {
    const base = { topicId, partition, highWatermark: 0, logStartOffset: 0, bytes: 1 }
    const none = () => ({ records: [], nextOffset: offset })
    if (topicId !== this.topicId) return { ...base, errorCode: unknownTopicId, read: none }
    if (this.leaders[partition] !== nodeId) return { ...base, errorCode: notLeader, read: none }
    if (offset < (this.starts[partition] ?? 0)) return { ...base, errorCode: outOfRange, read: none }
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

export function startReader(brokers: FakeBrokers, more: Partial<PartitionReaderOptions> = {}) {
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
