import type { ConsumedRecord } from '../platform/kafka/consumer.ts'
import { choosePartition } from '../platform/kafka/partitioning/key-partition.ts'
import type { Clock } from '../platform/runtime/clock.ts'

export type MisplacedRecordsEdges = {
  clock: Pick<Clock, 'monotonicMs'>
  count: (topic: string) => void
  /** Logs a warning, once per topic and minute. */
  warn: (record: Pick<ConsumedRecord, 'topic' | 'partition' | 'offset'>, detail: string) => void
}

const warnEveryMs = 60_000

/**
 * Detects records outside the partition that Kafka's own rule (murmur2 of the key) chooses. If two publishers of one
 * conversation use different rules, their events are in different partitions and overtake one another while there is a
 * backlog. librdkafka's default is a different rule.
 */
export class MisplacedRecords {
  readonly #edges: MisplacedRecordsEdges
  readonly #partitions = new Map<string, number>()
  readonly #warnedMs = new Map<string, number>()

  constructor(edges: MisplacedRecordsEdges) {
    this.#edges = edges
  }

  /** @param count number of the topic's partitions; before it is known, nothing is detected. */
  setPartitions(topic: string, count: number): void {
    this.#partitions.set(topic, count)
  }

  check({ topic, partition, offset, key }: Pick<ConsumedRecord, 'topic' | 'partition' | 'offset' | 'key'>): void {
    const count = this.#partitions.get(topic)
    // A partition beyond the known count was added since, which would make all records seem misplaced.
    if (count === undefined || partition >= count) return
    if (key !== null && choosePartition(key, count) === partition) return
    const { clock, warn } = this.#edges
    this.#edges.count(topic)
    const nowMs = clock.monotonicMs()
    if (nowMs - (this.#warnedMs.get(topic) ?? Number.NEGATIVE_INFINITY) < warnEveryMs) return
    this.#warnedMs.set(topic, nowMs)
    const rule = "use the key <chatChannelId>:<contactId> and, with librdkafka, 'partitioner': 'murmur2_random'"
    warn({ topic, partition, offset }, key === null ? `no key: ${rule}` : `not the partition of its key: ${rule}`)
  }
}
