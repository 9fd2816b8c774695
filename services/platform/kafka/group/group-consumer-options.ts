import type { GroupMembership } from '../access/kafka-access.ts'
import type { Assignment, RecordBatch } from '../consumer.ts'
import type { GroupAssigner } from './assigners.ts'
import type { MembershipSettings } from './membership-settings.ts'
import type { PartitionStart } from './start-positions.ts'

export type GroupConsumerOptions = MembershipSettings & {
  groupId: string
  topics: string[]
  /** Topics that it fetches; all by default. Of others it only gets partitions, and commits offsets. */
  fetched?: readonly string[]
  /** Topic ids of logs that are already known; any other id ends the process. */
  logIds?: ReadonlyMap<string, string>
  /** Longest time that a broker waits for new records; see PartitionReaderOptions. */
  maxWaitMs: number
  /** A broker answers earlier once it has this many bytes; 1 by default. */
  minBytes?: number
  /** Maximum bytes of an answer, unless its first batch is larger. */
  maxBytes?: number
  /** Round robin by default. */
  assigner?: GroupAssigner
  /**
   * Called at every (re)assignment, before its first batch and after the handling of earlier ones has ended. Nothing is
   * paused then, and a seek or pause applies to the first fetch.
   */
  onAssigned?: (assignment: Assignment, consumer: GroupMembership) => void
  /**
   * Called before the member joins its group again: what is committed until then counts, and what is finished later may
   * be read again. The group waits for it, a second at most.
   */
  onRebalance?: () => Promise<unknown>
  /**
   * Called with each batch, one at a time for a partition.
   * @returns how many of the records were taken, counted from the first. The rest is delivered again, at once or after
   * resume().
   */
  onBatch: (batch: RecordBatch) => number | Promise<number>
  /** Called for each partition of an assignment once its commit is known. Nothing from that offset on was read yet. */
  onStart?: (start: PartitionStart) => void
  /** Called for a fault that waiting does not fix; must end the process. */
  fail: (error: unknown) => void
}
