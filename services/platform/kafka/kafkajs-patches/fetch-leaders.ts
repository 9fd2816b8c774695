import { createRequire } from 'node:module'
import type { PartitionMetadata } from 'kafkajs'

type ConsumerGroup = {
  cluster: { findTopicPartitionMetadata(topic: string): PartitionMetadata[] }
  preferredReadReplicasPerTopicPartition: Record<string, object>
  findReadReplicaForPartitions(topic: string, partitions: number[]): Record<number, number[]>
}

const patched = Symbol.for('hookline.kafkajs.fetch-leaders')

/**
 * Speeds up the search for leaders. At each fetch, kafkajs 2.2.4 (consumer/consumerGroup) searches all partitions of a
 * topic for each assigned partition's broker, and copies the list found so far: 4 % of the formatter's CPU and 17 % of
 * the dispatcher's allocations at 500 events a second. Where a broker has named another replica to read from (KIP-392),
 * kafkajs' own search is used.
 */
export function findLeadersQuickly(): void {
  const { prototype } = createRequire(import.meta.url)('kafkajs/src/consumer/consumerGroup.js') as {
    prototype: ConsumerGroup & { [patched]?: true }
  }
  if (prototype[patched]) return
  prototype[patched] = true
  const search = prototype.findReadReplicaForPartitions
  prototype.findReadReplicaForPartitions = function (this: ConsumerGroup, topic, partitions) {
    for (const _partition in this.preferredReadReplicasPerTopicPartition[topic])
      return search.call(this, topic, partitions)
    const metadata = this.cluster.findTopicPartitionMetadata(topic)
    const ofLeaders: Record<number, number[]> = {}
    for (const partition of partitions) {
      // Brokers usually list a topic's partitions in order.
      const inPlace = metadata[partition]
      const found = inPlace?.partitionId === partition ? inPlace : metadata.find((one) => one.partitionId === partition)
      if (!found) continue
      const ofLeader = ofLeaders[found.leader]
      if (ofLeader) ofLeader.push(partition)
      else ofLeaders[found.leader] = [partition]
    }
    return ofLeaders
  }
}
