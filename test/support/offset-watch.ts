import { systemClock } from '../../services/platform/runtime/clock.ts'
import type { TestKafka } from './topic-reader.ts'

export type OffsetSample = {
  /** Time on the monotonic clock. */
  atMs: number
  /** `topic/partition` -> next offset that the group has committed. */
  committed: Map<string, number>
  /** `topic/partition` -> next offset to be written, read after the commits, of the group's topics and the others. */
  ends: Map<string, number>
}

export type OffsetWatchOptions = { groupId: string; topics: string[]; otherTopics?: string[]; intervalMs?: number }

/** Samples a group's committed offsets from outside. There are no samples while Kafka does not answer. */
export class OffsetWatch implements AsyncDisposable {
  readonly samples: OffsetSample[] = []
  readonly #stopping = new AbortController()
  readonly #watching: Promise<void>

  constructor(kafka: TestKafka, options: OffsetWatchOptions) {
    this.#watching = this.#watch(kafka, options)
  }

  /** Commits that were behind the one seen before, in words. */
  wentBack(): string[] {
    const highest = new Map<string, number>()
    const found: string[] = []
    for (const { committed } of this.samples) {
      for (const [place, offset] of committed) {
        const before = highest.get(place) ?? 0
        if (offset < before) found.push(`${place} from ${before} to ${offset}`)
        highest.set(place, Math.max(before, offset))
      }
    }
    return found
  }

  /** The longest time in which a partition with work left was not committed further, in milliseconds. */
  longestStandstillMs(): number {
    const since = new Map<string, { offset: number; atMs: number }>()
    let longestMs = 0
    for (const { atMs, committed, ends } of this.samples) {
      for (const [place, offset] of committed) {
        const last = since.get(place)
        const isDone = offset >= (ends.get(place) ?? 0)
        if (last && offset === last.offset && !isDone) longestMs = Math.max(longestMs, atMs - last.atMs)
        else since.set(place, { offset, atMs })
      }
    }
    return longestMs
  }

  /** Partitions that were committed at all. */
  get moved(): number {
    return this.samples.at(-1)?.committed.size ?? 0
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopping.abort()
    await this.#watching
  }

  async #watch(kafka: TestKafka, { groupId, topics, otherTopics = [], intervalMs = 200 }: OffsetWatchOptions) {
    const { signal } = this.#stopping
    const admin = kafka.admin({ retry: { retries: 2 } })
    await admin.connect()
    while (!signal.aborted) {
      try {
        const committed = new Map<string, number>()
        const groups = await admin.fetchOffsets({ groupId, topics })
        const atMs = systemClock.monotonicMs()
        for (const { topic, partitions } of groups)
          for (const { partition, offset } of partitions)
            if (Number(offset) >= 0) committed.set(`${topic}/${partition}`, Number(offset))
        const ends = new Map<string, number>()
        for (const topic of [...topics, ...otherTopics])
          for (const { partition, high } of await admin.fetchTopicOffsets(topic))
            ends.set(`${topic}/${partition}`, Number(high))
        this.samples.push({ atMs, committed, ends })
      } catch (error) {
        // A broker that is down is an intended fault.
        if (signal.aborted) break
        if (!(error instanceof Error)) throw error
      }
      await systemClock.sleep(intervalMs, signal)
    }
    await admin.disconnect()
  }
}
