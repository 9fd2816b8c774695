import type { ConsumerConfig, PartitionAssigner } from 'kafkajs'
import type { Assignment, GroupConsumer, Held, RecordBatch } from './consumer.ts'
import type { StartPosition } from './kafkajs-patches/membership.ts'

export type ConsumerOptions = {
  groupId: string
  topics: string[]
  /** Topic ids of logs that are known already: another one ends the process. */
  logIds?: ReadonlyMap<string, string>
  sessionTimeoutMs: number
  /** Longest wait of the broker for new records; bounds how late a resumed partition is fetched. */
  maxWaitMs: number
  /** The broker answers sooner once it has so many bytes; 1 when not given. */
  minBytes?: number
  /** Of one answer of the broker, unless its first batch is larger. */
  maxBytes?: number
  /** Of one partition in it; as large as a batch can be when not given. */
  maxBytesPerPartition?: number
  /** The rule that shares partitions out; round robin when not given. */
  assigner?: (held: () => Held) => PartitionAssigner
  /** Called at every (re)assignment, before its first batch: nothing is paused, and a seek or pause acts on the first fetch. */
  onAssigned?: (assignment: Assignment, consumer: GroupConsumer) => void
  /**
   * Called with each batch, one at a time a partition.
   * @returns how many of the records were taken, from the first: the rest comes again, at once or after resume().
   */
  onBatch: (batch: RecordBatch) => number | Promise<number>
  /** Called for each partition of an assignment when its commit is known: what it has from there on is not read yet. */
  onStart?: (start: StartPosition) => void
  /** Called when a fetch brought only what no reader sees (markers of transactions, aborted records): no batch comes of it. */
  onPassed?: (passed: { topic: string; partition: number; nextOffset: number }) => void
  /** For a fault that no waiting mends; must end the process. */
  fail: (error: unknown) => void
}

/** The broker's max.message.bytes: what is larger than a partition's part of a fetch comes of the first partition only. */
const maxBatchBytes = 1_048_576
/** Of one fetch, where not given: what it brings waits in memory, and kafkajs holds it twice meanwhile. */
const defaultMaxBytes = 1_048_576
/**
 * For the only member of a group, whom nobody waits for, and which pauses nothing: heartbeats go out between fetches, and
 * each fetch of an idle consumer takes 1 ms of CPU here and as much of the broker's.
 */
export const loneMember = { sessionTimeoutMs: 30_000, maxWaitMs: 5_000 } as const
/** How often topics are looked at: bounds how late new partitions are read, and logs that were made anew are noticed. */
const metadataMaxAgeMs = 3_000
/** Heartbeats go out at least this often while onBatch is waited for. */
export const heartbeatMs = 2_000

/** What kafkajs is to do by itself. */
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
    retry: { retries: 5, initialRetryTime: 300, maxRetryTime: 5_000 },
  }
}
