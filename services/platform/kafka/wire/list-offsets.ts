import { type Connection, listOffsetsV7 } from '@platformatic/kafka'
import { nameDenial } from '../security/denied.ts'
import type { TopicState } from './cluster.ts'
import { faultOfCode, faultOfError, KafkaFault, takeResponse } from './kafka-fault.ts'

/**
 * Offset of a partition's first record (low), and the one after its last record (high): for readers of committed
 * records the last one outside of an open transaction.
 */
export type PartitionEnds = { partition: number; low: number; high: number }

/** Whether records count that belong to an open transaction, or come after one. */
export type OffsetsOf = 'committed' | 'all'

type Leaders = { connection(nodeId: number, use: string): Promise<Connection> }

/** A partition, and the epoch of its leader. A broker that leads in another epoch, or believes so, refuses the request. */
type AskedPartition = { partition: number; epoch: number }

type ListOffsetsAnswer = Awaited<ReturnType<typeof listOffsetsV7.api.async>>

const consumerId = -1
const readUncommitted = 0
const readCommitted = 1
/** Times with a special meaning in ListOffsets. */
const ofEnd = -1n
const ofStart = -2n
const noOffset = -1

/** @param partitions only these, or all of the topic. @throws KafkaFault if one of them has no answer. */
export async function listEnds(
  cluster: Leaders,
  topic: string,
  state: TopicState | undefined,
  of: OffsetsOf,
  partitions?: readonly number[],
): Promise<PartitionEnds[]> {
  const byLeader = groupByLeader(topic, state, partitions)
  const [lows, highs] = await Promise.all([
    listAt(cluster, topic, byLeader, ofStart, of),
    listAt(cluster, topic, byLeader, ofEnd, of),
  ])
  return [...lows]
    .map(([partition, low]) => ({ partition, low, high: highs.get(partition) ?? low }))
    .sort((a, b) => a.partition - b.partition)
}

/**
 * Partition -> offset of its first record that is not older than the time (milliseconds since the epoch); if there is
 * none, the offset that its next record will get.
 * @throws KafkaFault.
 */
export async function listOffsetsAt(
  cluster: Leaders,
  topic: string,
  state: TopicState | undefined,
  timestampMs: number,
): Promise<Map<number, number>> {
  const byLeader = groupByLeader(topic, state)
  const [found, ends] = await Promise.all([
    listAt(cluster, topic, byLeader, BigInt(Math.max(0, Math.floor(timestampMs))), 'committed'),
    listAt(cluster, topic, byLeader, ofEnd, 'committed'),
  ])
  for (const [partition, offset] of found) if (offset === noOffset) found.set(partition, ends.get(partition) ?? 0)
  return found
}

/**
 * Topic -> partition -> offset that its next record will get, also inside of an open transaction. One request to each
 * leader, for all topics.
 * @throws KafkaFault if a partition has no answer.
 */
export async function listHighs(
  cluster: Leaders,
  states: ReadonlyMap<string, TopicState>,
): Promise<Map<string, Map<number, number>>> {
  const byLeader = new Map<number, Map<string, AskedPartition[]>>()
  for (const [topic, state] of states)
    for (const [nodeId, asked] of groupByLeader(topic, state)) {
      const ofLeader = byLeader.get(nodeId) ?? new Map<string, AskedPartition[]>()
      byLeader.set(nodeId, ofLeader.set(topic, asked))
    }
  const highs = new Map([...states.keys()].map((topic) => [topic, new Map<number, number>()]))
  await Promise.all(
    [...byLeader].map(async ([nodeId, topics]) => {
      for (const { topic, partition, offset } of await ask(cluster, nodeId, topics, ofEnd, 'all'))
        highs.get(topic)?.set(partition, offset)
    }),
  )
  return highs
}

function groupByLeader(
  topic: string,
  state: TopicState | undefined,
  partitions?: readonly number[],
): Map<number, AskedPartition[]> {
  if (!state) throw new KafkaFault('gone', null, `topic ${topic} is not in the metadata`)
  if (state.fault) throw state.fault
  const byLeader = new Map<number, AskedPartition[]>()
  for (const partition of partitions ?? state.leaders.keys()) {
    const { nodeId = -1, epoch = -1 } = state.leaders[partition] ?? {}
    if (nodeId < 0) throw new KafkaFault('leader', null, `topic ${topic}, partition ${partition} has no leader`)
    const asked = { partition, epoch }
    if (!byLeader.get(nodeId)?.push(asked)) byLeader.set(nodeId, [asked])
  }
  return byLeader
}

async function listAt(
  cluster: Leaders,
  topic: string,
  byLeader: Map<number, AskedPartition[]>,
  timestamp: bigint,
  of: OffsetsOf,
): Promise<Map<number, number>> {
  const answers = await Promise.all(
    [...byLeader].map(([nodeId, asked]) => ask(cluster, nodeId, new Map([[topic, asked]]), timestamp, of)),
  )
  return new Map(answers.flat().map(({ partition, offset }) => [partition, offset]))
}

/** Sends one request to a leader of all the partitions. @throws KafkaFault if one of them has no answer. */
async function ask(
  cluster: Leaders,
  nodeId: number,
  topics: ReadonlyMap<string, readonly AskedPartition[]>,
  timestamp: bigint,
  of: OffsetsOf,
): Promise<{ topic: string; partition: number; offset: number }[]> {
  const isolation = of === 'all' ? readUncommitted : readCommitted
  const connection = await cluster.connection(nodeId, 'requests')
  const asked = [...topics].map(([name, partitions]) => ({
    name,
    partitions: partitions.map(({ partition, epoch }) => ({
      partitionIndex: partition,
      currentLeaderEpoch: epoch,
      timestamp,
    })),
  }))
  const answer = await listOffsetsV7.api
    .async(connection, consumerId, isolation, asked)
    .catch(takeResponse<ListOffsetsAnswer>)
    .catch((error: unknown) => {
      throw faultOfError(error, `topic ${[...topics.keys()].join(', ')}`)
    })
  return answer.topics.flatMap(({ name: topic, partitions }) =>
    partitions.map(({ partitionIndex: partition, errorCode, offset }) => {
      if (errorCode !== 0)
        throw nameDenial(faultOfCode(errorCode, `topic ${topic}, partition ${partition}`), 'Describe', topic)
      return { topic, partition, offset: Number(offset) }
    }),
  )
}
