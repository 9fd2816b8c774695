import { readMetadata } from '../../commit-metadata.ts'
import type { Logger } from '../../runtime/log.ts'
import { judgeCommit, LogChanged, type LogExtent, type LogIds, topicIdIn } from '../log-ids.ts'
import type {
  CommitPayload,
  ConsumerGroup,
  ConsumerGroupClass,
  KafkajsCluster,
  OffsetManager,
  OffsetManagerClass,
} from './kafkajs-inside.ts'
import { fetchExtents } from './log-extents.ts'

/** Offset at which reading of a partition begins under an assignment. */
export type StartPosition = { topic: string; partition: number; offset: number; highWatermark: number }

/** State of one consumer's group and the logs that it reads. kafkajs' classes find it by their cluster. */
export type Membership = {
  readonly logIds: LogIds
  readonly log: Logger
  /** Whether the consumer is being closed: nothing may connect again. */
  isClosing: boolean
  readonly stopping: AbortSignal | undefined
  /** The group of the consumer's current start; kafkajs creates another one after a crash. */
  group: ConsumerGroup | null
  onStart?: ((start: StartPosition) => void) | undefined
  /** Called at each try that Kafka's ACLs deny. */
  onDenied: (reason: string) => void
  /** Ends the process when a log has changed. */
  fail: (error: unknown) => void
}

const memberships = new WeakMap<KafkajsCluster, Membership>()

/** Must be called once the consumer's cluster exists, before it joins. */
export function registerMembership(cluster: KafkajsCluster, membership: Membership): void {
  memberships.set(cluster, membership)
}

export function reportDenial(cluster: KafkajsCluster, reason: string): void {
  memberships.get(cluster)?.onDenied(reason)
}

export function isClosing(cluster: KafkajsCluster): boolean {
  return memberships.get(cluster)?.isClosing ?? false
}

/** Whether the service is being stopped: it no longer waits for anything that it needs to begin. */
export function isStopping(cluster: KafkajsCluster): boolean {
  return memberships.get(cluster)?.stopping?.aborted ?? false
}

/** One commit, under the generation and member that the manager was created for. */
export type PinnedCommit = (payload: CommitPayload) => Promise<void>

/**
 * Commits for the current assignment. kafkajs 2.2.4 itself tries a commit up to five times, each time under the
 * generation current at that moment, so offsets of an earlier assignment were committed under the next one and moved it
 * back. Here a commit is sent once, under its own generation.
 */
export function pinCommits(group: ConsumerGroup): PinnedCommit {
  const manager = group.offsetManager
  if (!manager) throw new Error('commits were pinned before the group was joined')
  return (payload) => manager.commitOffsets(payload)
}

/**
 * Watches for replaced logs. consumer/consumerGroup of kafkajs 2.2.4 reads a topic by its name, and starts over at a
 * log's first record when an offset does not exist. Here a log that was replaced, or is shorter than what was read of
 * it, ends the process with its name and offsets. Only records deleted before they were read are skipped, with a log
 * line.
 */
export function watchLogs(ofKafkajs: ConsumerGroupClass): ConsumerGroupClass {
  return class extends ofKafkajs {
    readonly #membership: Membership | undefined

    constructor(options: { cluster: KafkajsCluster }) {
      super(options)
      this.#membership = memberships.get(options.cluster)
      if (this.#membership) this.#membership.group = this
    }

    override async joinAndSync(): Promise<void> {
      const changed = this.#changed()
      if (changed) await this.#end(changed)
      await super.joinAndSync()
    }

    /** Called by each fetch with fresh metadata. */
    override checkForStaleAssignment(): void {
      const changed = this.#changed()
      if (changed) throw changed
      super.checkForStaleAssignment()
    }

    override async recoverFromFetch(error: Error): Promise<void> {
      if (error instanceof AnotherLog) await this.#end(error)
      await super.recoverFromFetch(error)
    }

    override async recoverFromOffsetOutOfRange(error: { topic: string; partition: number }): Promise<void> {
      const { topic, partition } = error
      const membership = this.#membership
      const manager = this.offsetManager
      if (!membership || !manager) return super.recoverFromOffsetOutOfRange(error)
      const position = Number(manager.nextOffset(topic, partition).toString())
      const { low, high } = (await fetchExtents(this.cluster, [{ topic, partitions: [partition] }])).of(
        topic,
        partition,
      )
      if (position >= low) {
        const place = `${topic}/${partition}`
        membership.fail(
          new LogChanged(
            `${place} was read up to offset ${position}, but ends at ${high} now: it was truncated or recreated`,
          ),
        )
        return new Promise(() => {})
      }
      // At position 0 nothing has been read yet, so reading simply begins at the log's first record.
      if (position > 0)
        membership.log.error(
          { topic, partition, fromOffset: position, toOffset: low },
          'records were deleted before they were read',
        )
      manager.resolveOffset({ topic, partition, offset: String(low - 1) })
    }

    #changed(): AnotherLog | null {
      if (!this.#membership) return null
      for (const topic of this.topicsSubscribed) {
        const id = topicIdIn(this.cluster, topic)
        const before = this.#membership.logIds.meet(topic, id)
        if (before !== null) return new AnotherLog(topic, `topic id ${before} before, ${id} now`)
      }
      return null
    }

    /** Ends the process before anything of the new log is read. */
    async #end({ topic, ids }: AnotherLog): Promise<never> {
      const numbers = this.offsetManager?.memberAssignment[topic] ?? []
      const positions = numbers.map((partition) => ({ partition, offset: this.#positionOf(topic, partition) }))
      const now = await fetchExtents(this.cluster, [{ topic, partitions: numbers }]).catch(() => null)
      const read = positions.map(({ partition, offset }) => `${partition}: ${offset}`).join(', ')
      const ends = numbers.map((partition) => `${partition}: ${now?.of(topic, partition).high ?? '?'}`).join(', ')
      this.#membership?.fail(
        new LogChanged(
          `${topic} was deleted and recreated (${ids}): it was read up to ${read}, and ends at ${ends} now`,
        ),
      )
      return new Promise<never>(() => {})
    }

    #positionOf(topic: string, partition: number): string {
      const { offsetManager } = this
      return offsetManager?.committedOffsets()[topic]?.[partition] === undefined
        ? '?'
        : offsetManager.nextOffset(topic, partition).toString()
    }
  }
}

class AnotherLog extends Error {
  readonly topic: string
  readonly ids: string

  constructor(topic: string, ids: string) {
    super(`${topic} is another log: ${ids}`)
    this.topic = topic
    this.ids = ids
  }
}

/**
 * Checks commits against their logs. consumer/offsetManager of kafkajs 2.2.4 begins at the group's commits, whatever
 * log they belong to. Here a commit of another log, or one beyond the log's end, counts as none: reading begins at the
 * first record.
 */
export function beginWithinLogs(ofKafkajs: OffsetManagerClass): OffsetManagerClass {
  return class extends ofKafkajs {
    override async resolveOffsets(): Promise<void> {
      const membership = memberships.get(this.cluster)
      if (!membership) return super.resolveOffsets()
      const pending = pendingOf(this)
      if (pending.length === 0) return
      const coordinator = await this.getCoordinator()
      const asked = pending.map(({ topic, partitions }) => ({
        topic,
        partitions: partitions.map((partition) => ({ partition })),
      }))
      const [{ responses }, extents] = await Promise.all([
        coordinator.offsetFetch({ groupId: this.groupId, topics: asked }),
        fetchExtents(this.cluster, pending),
      ])
      for (const { topic, partitions } of responses) {
        const offsets = { ...this.committedOffsets()[topic] }
        this.committedOffsets()[topic] = offsets
        for (const { partition, offset, metadata } of partitions) {
          const extent = extents.of(topic, partition)
          const { logId } = readMetadata(metadata ?? '')
          const start = startOf({ topic, partition, offset: Number(offset), logId }, extent, membership.log)
          offsets[partition] = String(start)
          membership.onStart?.({ topic, partition, offset: start, highWatermark: extent.high })
        }
      }
    }
  }
}

function pendingOf(manager: OffsetManager): { topic: string; partitions: number[] }[] {
  return manager.topics
    .map((topic) => ({
      topic,
      partitions: (manager.memberAssignment[topic] ?? []).filter((partition) => {
        const known = manager.committedOffsets()[topic]?.[partition]
        return known === undefined || Number(known) < 0
      }),
    }))
    .filter(({ partitions }) => partitions.length > 0)
}

type Committed = { topic: string; partition: number; offset: number; logId: string | null }

function startOf({ topic, partition, offset, logId }: Committed, extent: LogExtent, log: Logger): number {
  if (offset < 0) return extent.low
  const verdict = judgeCommit(offset, logId, extent)
  if (verdict.kind === 'here') return offset
  const place = { topic, partition, committedOffset: offset, fromOffset: extent.low }
  if (verdict.kind === 'foreign')
    log.error({ ...place, reason: verdict.why }, 'the commit belongs to another log: reading from the beginning')
  else if (offset > 0) log.error(place, 'records were deleted before they were read')
  return extent.low
}
