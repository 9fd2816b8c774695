import { Gauge, type Registry } from '../runtime/metrics.ts'
import type { Kafka } from './client.ts'
import type { RecordBatch } from './consumer.ts'
import { withAdmin } from './topics.ts'

/** Where a partition is read on, and where it ended when Kafka last said so. */
export type ReadPosition = Pick<RecordBatch, 'topic' | 'partition' | 'nextOffset' | 'highWatermark'>

type Entry = Omit<ReadPosition, 'highWatermark'> & { label: string; isFresh: boolean }

/** Ends of a topic's partitions, by partition number. */
type AskEnds = (topic: string) => Promise<ReadonlyMap<number, number>>

/** Time between two questions. Prometheus scrapes about as often. */
const askIntervalMs = 15_000

/**
 * Lag by topic and partition. Kafka says with each fetch where a partition ends. A partition that is not fetched,
 * because its results cannot be written or memory is full, has to be asked for: otherwise its lag would stay what it
 * was when that began, often 0.
 */
export class LagGauge {
  readonly #gauge: Gauge<'topic' | 'partition'>
  readonly #entries = new Map<string, Entry>()

  constructor(options: { registers: Registry[]; name: string; help: string }) {
    this.#gauge = new Gauge({ ...options, labelNames: ['topic', 'partition'] })
  }

  /** @param label the topic's name in the metric. */
  set({ topic, partition, nextOffset, highWatermark }: ReadPosition, label = topic): void {
    // Without the records of a batch, which would stay in memory.
    const entry = { topic, partition, nextOffset, label, isFresh: true }
    this.#entries.set(`${topic}/${partition}`, entry)
    this.#show(entry, highWatermark)
  }

  /** Removes the partitions, which are no longer assigned. */
  reset(): void {
    this.#entries.clear()
    this.#gauge.reset()
  }

  /** Asks for the ends of partitions without a new position since the last call. */
  async refresh(askEnds: AskEnds): Promise<void> {
    const stale = [...this.#entries.values()].filter(({ isFresh }) => !isFresh)
    for (const entry of this.#entries.values()) entry.isFresh = false
    for (const [topic, entries] of Map.groupBy(stale, (entry) => entry.topic)) {
      const ends = await askEnds(topic)
      for (const entry of entries) {
        const highWatermark = ends.get(entry.partition)
        // Its partition may have left meanwhile, or been read on.
        const isCurrent = this.#entries.get(`${topic}/${entry.partition}`) === entry
        if (isCurrent && highWatermark !== undefined) this.#show(entry, highWatermark)
      }
    }
  }

  /** Refreshes from time to time. */
  watch(kafka: Kafka): Disposable {
    let isUnderWay = false
    const refresh = async () => {
      if (isUnderWay) return
      isUnderWay = true
      // Without Kafka the last values stay, and hookline_dependency_reachable is 0.
      await withAdmin(kafka, (admin) =>
        this.refresh(async (topic) => {
          const offsets = await admin.fetchTopicOffsets(topic)
          return new Map(offsets.map(({ partition, high }) => [partition, Number(high)]))
        }),
      ).catch(() => undefined)
      isUnderWay = false
    }
    const timer = setInterval(refresh, askIntervalMs).unref()
    return { [Symbol.dispose]: () => clearInterval(timer) }
  }

  #show({ label, partition, nextOffset }: Entry, highWatermark: number): void {
    this.#gauge.set({ topic: label, partition }, Math.max(0, highWatermark - nextOffset))
  }
}
