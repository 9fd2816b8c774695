import { readMetadata } from '../../commit-metadata.ts'
import type { Logger } from '../../runtime/log.ts'
import { judgeCommit, LogChanged, type LogExtent, type LogIds, topicIdIn } from '../log-ids.ts'
import type {
  Cluster,
  CommitPayload,
  ConsumerGroup,
  ConsumerGroupClass,
  OffsetManager,
  OffsetManagerClass,
  TopicOffsets,
} from './kafkajs-inside.ts'

/** Where reading of a partition begins under an assignment. */
export type StartPosition = { topic: string; partition: number; offset: number; highWatermark: number }

/** What one consumer knows of its group and of the logs that it reads; kafkajs' classes find it by their cluster. */
export type Membership = {
  readonly logIds: LogIds
  readonly log: Logger
  /** Of this start of the consumer; kafkajs makes another one after a crash. */
  group: ConsumerGroup | null
  onStart?: ((start: StartPosition) => void) | undefined
  /** For a log that has changed: ends the process. */
  fail: (error: unknown) => void
}

const memberships = new WeakMap<Cluster, Membership>()

/** To be called when the consumer's cluster is there, before it joins. */
export function registerMembership(cluster: Cluster, membership: Membership): void {
  memberships.set(cluster, membership)
}

/** One commit, under the generation and member that the manager was made for. */
export type PinnedCommit = (payload: CommitPayload) => Promise<void>

/**
 * The commits of the assignment that is current now. kafkajs 2.2.4 itself tries a commit up to five times, each time under
 * the generation that is current by then: what an earlier one had finished went out under the next one, and took its
 * offsets back. Here it goes out under its own, once.
 */
export function pinCommits(group: ConsumerGroup): PinnedCommit {
  const manager = group.offsetManager
  if (!manager) throw new Error('commits are pinned before the group is joined')
  return (payload) => manager.commitOffsets(payload)
}

/**
 * consumer/consumerGroup of kafkajs 2.2.4 reads a topic by its name, and begins anew at a log's first record when an offset
 * is not there. With this a log that is another one, or shorter than what was read of it, ends the process with
 * its name and offsets; only records that were deleted before they were read are passed over, with a line in the log.
 */
export function watchLogs(ofKafkajs: ConsumerGroupClass): ConsumerGroupClass {
  return class extends ofKafkajs {
    readonly #membership: Membership | undefined

    constructor(options: { cluster: Cluster }) {
      super(options)
      this.#membership = memberships.get(options.cluster)
      if (this.#membership) this.#membership.group = this
    }

    override async joinAndSync(): Promise<void> {
      const changed = this.#changed()
      if (changed) await this.#end(changed)
      await super.joinAndSync()
    }

    /** Called by each fetch when its metadata are fresh. */
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
            `${place} was read up to offset ${position}, but ends at ${high} now: it was truncated or made anew`,
          ),
        )
        return new Promise(() => {})
      }
      // At 0 nothing was read yet: the log's first record is meant.
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

    /** Ends the process; nothing is read of the new log before. */
    async #end({ topic, ids }: AnotherLog): Promise<never> {
      const numbers = this.offsetManager?.memberAssignment[topic] ?? []
      const positions = numbers.map((partition) => ({ partition, offset: this.#positionOf(topic, partition) }))
      const now = await fetchExtents(this.cluster, [{ topic, partitions: numbers }]).catch(() => null)
      const read = positions.map(({ partition, offset }) => `${partition}: ${offset}`).join(', ')
      const ends = numbers.map((partition) => `${partition}: ${now?.of(topic, partition).high ?? '?'}`).join(', ')
      this.#membership?.fail(
        new LogChanged(
          `${topic} was deleted and made anew (${ids}): it was read up to ${read}, and ends at ${ends} now`,
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
 * consumer/offsetManager of kafkajs 2.2.4 begins where the group's commits say, whatever log they are of. With this a commit
 * of another log, or from behind the log's end, counts as none: reading begins at the first record.
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
    log.error({ ...place, reason: verdict.why }, 'the commit is not of this log: it is read from its beginning')
  else if (offset > 0) log.error(place, 'records were deleted before they were read')
  return extent.low
}

type Extents = { of(topic: string, partition: number): LogExtent }

/** Asks for the first and the last offsets of partitions. */
export async function fetchExtents(
  cluster: Cluster,
  topics: readonly { topic: string; partitions: readonly number[] }[],
): Promise<Extents> {
  const asked = (fromBeginning: boolean) =>
    cluster.fetchTopicsOffset(
      topics.map(({ topic, partitions }) => ({
        topic,
        partitions: partitions.map((partition) => ({ partition })),
        fromBeginning,
      })),
    )
  const [lows, highs] = await Promise.all([asked(true), asked(false)])
  return {
    of: (topic, partition) => ({
      logId: topicIdIn(cluster, topic),
      low: offsetIn(lows, topic, partition),
      high: offsetIn(highs, topic, partition),
    }),
  }
}

function offsetIn(offsets: readonly TopicOffsets[], topic: string, partition: number): number {
  const partitions = offsets.find((each) => each.topic === topic)?.partitions
  const found = partitions?.find((each) => each.partition === partition)
  if (!found) throw new Error(`Kafka did not tell the offsets of ${topic}/${partition}`)
  return Number(found.offset)
}
