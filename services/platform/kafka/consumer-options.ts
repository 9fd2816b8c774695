import type { ConsumerConfig, PartitionAssigner } from 'kafkajs'
import type { GroupMembership } from './access/kafka-access.ts'
import type { Assignment, HeldPartitions, RecordBatch } from './consumer.ts'
import type { StartPosition } from './kafkajs-patches/membership.ts'

export type ConsumerOptions = {
  groupId: string
  topics: string[]
  /** Topic ids of logs that are already known; any other id ends the process. */
  logIds?: ReadonlyMap<string, string>
  sessionTimeoutMs: number
  /** Longest time that the broker waits for new records; bounds how late a resumed partition is fetched. */
  maxWaitMs: number
  /** The broker answers earlier once it has this many bytes; 1 by default. */
  minBytes?: number
  /** Maximum bytes of a fetch, unless its first batch is larger. */
  maxBytes?: number
  /** Maximum bytes per partition in a fetch; by default the size of the largest batch. */
  maxBytesPerPartition?: number
  /** How partitions are assigned; round robin by default. */
  assigner?: (held: () => HeldPartitions) => PartitionAssigner
  /**
   * Called at every (re)assignment, before its first batch. Nothing is paused then, and a seek or pause applies to the
   * first fetch.
   */
  onAssigned?: (assignment: Assignment, consumer: GroupMembership) => void
  /**
   * Called with each batch, one at a time per partition.
   * @returns how many of the records were taken, counted from the first. The rest is delivered again, at once or after
   * resume().
   */
  onBatch: (batch: RecordBatch) => number | Promise<number>
  /**
   * Called for each partition of an assignment once its commit is known. Nothing from that offset on has been read yet.
   */
  onStart?: (start: StartPosition) => void
  /**
   * Called when a fetch brought only records that readers never see (transaction markers, aborted records), so that no
   * batch follows.
   */
  onPassed?: (passed: { topic: string; partition: number; nextOffset: number }) => void
  /** Called for a fault that waiting does not fix; must end the process. */
  fail: (error: unknown) => void
}

/**
 * The broker's max.message.bytes. A batch larger than a partition's share of a fetch is returned only for the first
 * partition.
 */
const maxBatchBytes = 1_048_576
/** Default maximum bytes of a fetch. The records wait in memory, and kafkajs holds them twice meanwhile. */
const defaultMaxBytes = 1_048_576
/** How often topic metadata is refreshed; bounds how late new partitions and recreated topics are noticed. */
const metadataMaxAgeMs = 3_000
/** Longest time between heartbeats while onBatch is running. */
export const heartbeatMs = 2_000

/** Configuration of the kafkajs consumer. */
export function consumerConfig(options: ConsumerOptions): ConsumerConfig {
  return {
    groupId: options.groupId,
    sessionTimeout: options.sessionTimeoutMs,
    rebalanceTimeout: Math.max(options.sessionTimeoutMs, 20_000),
    heartbeatInterval: Math.min(heartbeatMs, options.sessionTimeoutMs / 3),
    maxWaitTimeInMs: options.maxWaitMs,
    minBytes: options.minBytes ?? 1,
    maxBytesPerPartition: options.maxBytesPerPartition ?? maxBatchBytes,
    maxBytes: options.maxBytes ?? defaultMaxBytes,
    metadataMaxAge: metadataMaxAgeMs,
    allowAutoTopicCreation: false,
    // Half a minute, while no broker answers: a member that gives up joins as a new one, and the group then waits for the
    // session of the old one.
    retry: { retries: 30, initialRetryTime: 300, maxRetryTime: 1_000 },
  }
}
