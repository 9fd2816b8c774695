import { type LogExtent, topicIdIn } from '../log-ids.ts'
import type { KafkajsCluster, TopicOffsets } from './kafkajs-inside.ts'

type Extents = { of(topic: string, partition: number): LogExtent }

/** Fetches the first and the last offsets of partitions. */
export async function fetchExtents(
  cluster: KafkajsCluster,
  topics: readonly { topic: string; partitions: readonly number[] }[],
): Promise<Extents> {
  const asked = (fromBeginning: boolean) =>
    cluster.fetchTopicsOffset(
      topics.map(({ topic, partitions }) => ({
        topic,
        partitions: partitions.map((partition) => ({ partition })),
        fromBeginning,
      })),
    )
  const [lows, highs] = await Promise.all([asked(true), asked(false)])
  return {
    of: (topic, partition) => ({
      logId: topicIdIn(cluster, topic),
      low: offsetIn(lows, topic, partition),
      high: offsetIn(highs, topic, partition),
    }),
  }
}

function offsetIn(offsets: readonly TopicOffsets[], topic: string, partition: number): number {
  const partitions = offsets.find((each) => each.topic === topic)?.partitions
  const found = partitions?.find((each) => each.partition === partition)
  if (!found) throw new Error(`Kafka did not report the offsets of ${topic}/${partition}`)
  return Number(found.offset)
}
