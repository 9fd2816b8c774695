import { createRequire } from 'node:module'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { findLeadersQuickly } from '../../../../../services/platform/kafka/kafkajs-patches/fetch-leaders.ts'

type Find = (this: object, topic: string, partitions: number[]) => Record<number, number[]>

const { prototype } = createRequire(import.meta.url)('kafkajs/src/consumer/consumerGroup.js') as {
  prototype: { findReadReplicaForPartitions: Find }
}
const ofKafkajs = prototype.findReadReplicaForPartitions
findLeadersQuickly()
findLeadersQuickly()

const metadata = fc.uniqueArray(fc.record({ partitionId: fc.nat(8), leader: fc.nat(3) }), {
  selector: ({ partitionId }) => partitionId,
})
const asked = fc.uniqueArray(fc.nat(8))

function groupOf(partitions: object[], preferred: object): object {
  const cluster = { findTopicPartitionMetadata: () => partitions }
  return { cluster, preferredReadReplicasPerTopicPartition: { t: preferred }, logger: { debug: () => {} } }
}

test('the leaders are those that kafkajs finds, whatever the order of the partitions', () => {
  expect(prototype.findReadReplicaForPartitions).not.toBe(ofKafkajs)
  fc.assert(
    fc.property(metadata, asked, (partitions, wanted) => {
      const group = groupOf(partitions, {})
      const found = prototype.findReadReplicaForPartitions.call(group, 't', wanted)
      expect(found).toEqual(ofKafkajs.call(group, 't', wanted))
    }),
  )
})

test('a replica named by a broker is read from', () => {
  const partitions = [0, 1].map((partitionId) => ({ partitionId, leader: 1, offlineReplicas: [] }))
  const group = groupOf(partitions, { 1: { nodeId: 2, expireAt: Number.POSITIVE_INFINITY } })
  expect(prototype.findReadReplicaForPartitions.call(group, 't', [0, 1])).toEqual({ 1: [0], 2: [1] })
})
