import type { ICustomPartitioner } from 'kafkajs'
import type { TrackedMessage } from '../kafkajs-patches/send-messages.ts'
import { choosePartition } from '../key-partition.ts'
import type { HeldRecords } from './held-records.ts'

/**
 * Replaces kafkajs' partitioner, whose time grows with the square of a key's length, and which filters the list of
 * partitions for each record.
 */
export function partitioner(held: HeldRecords, random: () => number): ICustomPartitioner {
  return () =>
    ({ topic, partitionMetadata: { length: count }, message }) => {
      const { key = null } = message
      const keyed = typeof key === 'string' || Buffer.isBuffer(key)
      const partition = keyed ? choosePartition(key, count) : Math.floor(random() * count)
      const tracked: TrackedMessage = message
      tracked.waits = held.has(topic, partition)
      return partition
    }
}
