import type { KafkaAccess } from '../../../services/platform/kafka/access/kafka-access.ts'
import type { SimulatedProcess } from '../process.ts'
import type { SimulatedCluster } from './cluster.ts'
import { SimulatedMember } from './member.ts'
import { SimulatedProducer } from './producer.ts'
import { SimulatedQuietTopicReader } from './quiet-topic-reader.ts'
import { SimulatedRangeReader } from './range-reader.ts'
import { SimulatedTable } from './table.ts'

/** The simulated cluster as one process reaches it. */
export function accessSimulated(
  process: SimulatedProcess,
  cluster: SimulatedCluster,
): KafkaAccess & { producers: SimulatedProducer[] } {
  const askAny = <T>(serve: (reply: (answer: T) => void) => void, stopping?: AbortSignal) =>
    cluster.askUntilAnswered(process, () => cluster.anyBroker(), serve, stopping)
  const producers: SimulatedProducer[] = []
  return {
    producers,
    joinGroup: (options) => SimulatedMember.open(process, cluster, options),
    openProducer: async (options) => {
      const producer = new SimulatedProducer(process, cluster, options)
      producers.push(producer)
      return producer
    },
    openTable: (options, { stopping }) => SimulatedTable.open(process, cluster, options, stopping),
    openRangeReader: async (_options, { stopping }) => new SimulatedRangeReader(process, cluster, stopping),
    openQuietTopicReader: async (options) => new SimulatedQuietTopicReader(process, cluster, options),
    committed: (groupId, topics, { stopping }) => {
      const group = cluster.group(groupId)
      const read = (topic: string) => {
        const numbers = cluster.partitions(topic).map(({ partition }) => partition)
        const commits = numbers.map((number) => [number, group.commits.get(`${topic}/${number}`)] as const)
        return new Map(commits.filter((each): each is [number, { offset: number; metadata: string }] => !!each[1]))
      }
      return cluster.askUntilAnswered(
        process,
        () => group.broker,
        (reply) => reply(new Map(topics.map((topic) => [topic, read(topic)]))),
        stopping,
      )
    },
    logIds: (topics, { stopping }) =>
      askAny((reply) => reply(new Map(topics.map((topic) => [topic, cluster.logId(topic)]))), stopping),
    partitionCounts: (topics) =>
      askAny((reply) => reply(new Map(topics.map((topic) => [topic, cluster.partitions(topic).length])))),
    ends: (topics) =>
      askAny((reply) =>
        reply(
          new Map(
            topics.map((topic) => [topic, new Map(cluster.partitions(topic).map((log) => [log.partition, log.end]))]),
          ),
        ),
      ),
  }
}
