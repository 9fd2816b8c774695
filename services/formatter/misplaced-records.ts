import type { ConsumedRecord } from '../platform/kafka/consumer.ts'
import { partitionOfKey } from '../platform/kafka/key-partition.ts'
import type { Clock } from '../platform/runtime/clock.ts'

export type MisplacedRecordsEdges = {
  clock: Pick<Clock, 'monotonicMs'>
  count: (topic: string) => void
  /** For the log, once a topic and minute. */
  warn: (record: Pick<ConsumedRecord, 'topic' | 'partition' | 'offset'>, detail: string) => void
}

const warnEveryMs = 60_000

/**
 * Notices records that stand in another partition than Kafka's own rule (murmur2 of the key) gives them. Of two publishers of
 * one conversation with different rules, each has a partition of its own, and their events overtake one another while there
 * is a backlog. librdkafka's default is another rule.
 */
export class MisplacedRecords {
  readonly #edges: MisplacedRecordsEdges
  readonly #partitions = new Map<string, number>()
  readonly #warnedMs = new Map<string, number>()

  constructor(edges: MisplacedRecordsEdges) {
    this.#edges = edges
  }

  /** @param count of the topic's partitions. Before it is known, nothing is noticed. */
  setPartitions(topic: string, count: number): void {
    this.#partitions.set(topic, count)
  }

  look({ topic, partition, offset, key }: Pick<ConsumedRecord, 'topic' | 'partition' | 'offset' | 'key'>): void {
    const count = this.#partitions.get(topic)
    // A partition that is not known yet was added since: all of them would seem misplaced.
    if (count === undefined || partition >= count) return
    if (key !== null && partitionOfKey(key, count) === partition) return
    const { clock, count: counted, warn } = this.#edges
    counted(topic)
    const nowMs = clock.monotonicMs()
    if (nowMs - (this.#warnedMs.get(topic) ?? Number.NEGATIVE_INFINITY) < warnEveryMs) return
    this.#warnedMs.set(topic, nowMs)
    const rule = "use the key <chatChannelId>:<contactId> and, with librdkafka, 'partitioner': 'murmur2_random'"
    warn({ topic, partition, offset }, key === null ? `no key: ${rule}` : `not the partition of its key: ${rule}`)
  }
}
