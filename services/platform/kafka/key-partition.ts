import { murmur2 } from './murmur2.ts'

/** The partition that BatchingProducer, like Kafka's Java client, puts a key's records into. @param count of the topic's partitions. */
export function partitionOfKey(key: string | Buffer, count: number): number {
  return (murmur2(typeof key === 'string' ? Buffer.from(key) : key) & 0x7fffffff) % count
}
