import { Partitioners } from './kafkajs.ts'

/** The partition that BatchingProducer puts a key's records into. @param count of the topic's partitions. */
export function partitionOfKey(key: string, count: number): number {
  const partitionMetadata = Array.from({ length: count }, (_unused, partitionId) => ({ partitionId, leader: 0 }))
  const choose = Partitioners.DefaultPartitioner()
  return choose({ topic: '', message: { key, value: null }, partitionMetadata: partitionMetadata as never })
}
