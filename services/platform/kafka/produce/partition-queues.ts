import { choosePartition } from '../partitioning/key-partition.ts'
import type { KnownLeaders } from './known-leaders.ts'
import { PartitionQueue, type WaitingRecord } from './partition-queue.ts'

/** unplaced: records whose partition is not known yet. */
type TopicQueues = { unplaced: PartitionQueue; partitions: PartitionQueue[] }

/** The queues of all partitions that are written. */
export class PartitionQueues {
  readonly #leaders: Pick<KnownLeaders, 'countOf'>
  readonly #random: () => number
  readonly #topics = new Map<string, TopicQueues>()

  constructor(leaders: Pick<KnownLeaders, 'countOf'>, random: () => number) {
    this.#leaders = leaders
    this.#random = random
  }

  /**
   * Adds the record to the queue of its partition. Records that came before the topic's partitions were known go first.
   */
  add(record: WaitingRecord): PartitionQueue {
    const { topic, key } = record
    const { unplaced, partitions } = this.#of(topic)
    const count = this.#leaders.countOf(topic)
    let queue = unplaced
    if (count !== null && unplaced.isEmpty) {
      record.partition ??= key === null ? Math.floor(this.#random() * count) : choosePartition(key, count)
      queue = partitions[record.partition] ??= new PartitionQueue(topic, record.partition)
    }
    queue.add(record)
    return queue
  }

  #of(topic: string): TopicQueues {
    let queues = this.#topics.get(topic)
    if (!queues) {
      queues = { unplaced: new PartitionQueue(topic, null), partitions: [] }
      this.#topics.set(topic, queues)
    }
    return queues
  }
}
