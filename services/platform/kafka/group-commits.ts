import { stampMetadata } from '../commit-metadata.ts'
import { RecurringFault, type RecurringFaultContext } from '../runtime/recurring-fault.ts'
import type { ConsumerGroup } from './kafkajs-patches/kafkajs-inside.ts'
import { type PinnedCommit, pinCommits } from './kafkajs-patches/membership.ts'

export type Commit = { topic: string; partition: number; offset: number; metadata?: string }

/**
 * outdated: the assignment is no longer the current one. failed: Kafka did not accept the commit, and a later one makes
 * up for it. In both cases nothing was committed.
 */
export type CommitResult = 'committed' | 'outdated' | 'failed'

/** Sends the commits of a group's member. Services commit several times a second, also while the coordinator is away. */
export class GroupCommits {
  readonly #findLogId: (topic: string) => string | null
  readonly #faults: RecurringFault
  #pinned: PinnedCommit | undefined

  /** @param findLogId id of the log that the offsets belong to (log-ids.ts). */
  constructor(groupId: string, findLogId: (topic: string) => string | null, context: RecurringFaultContext) {
    this.#findLogId = findLogId
    this.#faults = new RecurringFault(context, 'commit failed, the next one makes up for it', { groupId })
  }

  /** From now on, commits belong to the group's generation of this moment. */
  pin(group: ConsumerGroup): void {
    this.#pinned = pinCommits(group)
  }

  async send(commits: Commit[]): Promise<CommitResult> {
    if (!this.#pinned) return 'outdated'
    if (commits.length === 0) return 'committed'
    const byTopic = Map.groupBy(commits, ({ topic }) => topic)
    const topics = [...byTopic].map(([topic, ofTopic]) => ({
      topic,
      partitions: ofTopic.map(({ partition, offset, metadata = '' }) => ({
        partition,
        offset: String(offset),
        metadata: stampMetadata(this.#findLogId(topic), metadata),
      })),
    }))
    try {
      await this.#pinned({ topics })
      return 'committed'
    } catch (error) {
      this.#faults.report({ err: error })
      return 'failed'
    }
  }
}
