import type { Clock } from '../runtime/clock.ts'
import { Gauge, type Registry } from '../runtime/metrics.ts'
import type { KafkaAccess } from './access/kafka-access.ts'
import type { RecordBatch } from './consumer.ts'

/** Position of a partition's next read, and its end when Kafka last reported it. */
export type ReadPosition = Pick<RecordBatch, 'topic' | 'partition' | 'nextOffset' | 'highWatermark'>

type Entry = Omit<ReadPosition, 'highWatermark'> & { label: string; isFresh: boolean }

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
  async refresh(askEnds: KafkaAccess['ends']): Promise<void> {
    const stale = [...this.#entries.values()].filter(({ isFresh }) => !isFresh)
    for (const entry of this.#entries.values()) entry.isFresh = false
    if (stale.length === 0) return
    const ends = await askEnds([...new Set(stale.map(({ topic }) => topic))])
    for (const entry of stale) {
      const { topic, partition } = entry
      const highWatermark = ends.get(topic)?.get(partition)
      // Its partition may have left meanwhile, or been read on.
      const isCurrent = this.#entries.get(`${topic}/${partition}`) === entry
      if (isCurrent && highWatermark !== undefined) this.#show(entry, highWatermark)
    }
  }

  /** Refreshes from time to time. */
  watch(kafka: Pick<KafkaAccess, 'ends'>, clock: Pick<Clock, 'every'>): Disposable {
    let isUnderWay = false
    const refresh = async () => {
      if (isUnderWay) return
      isUnderWay = true
      // Without Kafka the last values stay, and hookline_dependency_reachable is 0.
      await this.refresh((topics) => kafka.ends(topics)).catch(() => undefined)
      isUnderWay = false
    }
    const timer = clock.every(askIntervalMs, () => void refresh())
    return { [Symbol.dispose]: () => timer.cancel() }
  }

  #show({ label, partition, nextOffset }: Entry, highWatermark: number): void {
    this.#gauge.set({ topic: label, partition }, Math.max(0, highWatermark - nextOffset))
  }
}
