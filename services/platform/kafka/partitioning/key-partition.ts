import { murmur2 } from './murmur2.ts'

/**
 * Partition that BatchingProducer, like Kafka's Java client, chooses for a key. @param count number of the topic's
 * partitions.
 */
export function choosePartition(key: string | Buffer, count: number): number {
  return (murmur2(typeof key === 'string' ? Buffer.from(key) : key) & 0x7fffffff) % count
}
