import type { OpenRangeReader } from '../../../services/platform/kafka/access/kafka-access.ts'
import type { ConsumedRecord } from '../../../services/platform/kafka/consumer.ts'
import type { PartitionEnds } from '../../../services/platform/kafka/wire/list-offsets.ts'
import type { SimulatedProcess } from '../process.ts'
import type { SimulatedCluster } from './cluster.ts'
import type { StoredRecord } from './log.ts'
import { toConsumed } from './partition-fetcher.ts'

const maxRecords = 30

/** RangeReader as it behaves towards a service: reads of one partition one after another. */
export class SimulatedRangeReader implements OpenRangeReader {
  readonly #process: SimulatedProcess
  readonly #cluster: SimulatedCluster
  readonly #latest = new Map<string, Promise<void>>()
  readonly #closed = new AbortController()
  /** Aborted once it is closed, or stopping begins. */
  readonly #asking = new AbortController()

  constructor(process: SimulatedProcess, cluster: SimulatedCluster, stopping?: AbortSignal) {
    this.#process = process
    this.#cluster = cluster
    stopping?.addEventListener('abort', () => this.#asking.abort())
  }

  read(
    topic: string,
    partition: number,
    fromOffset: number,
    toOffset: number,
    onRecord: (record: ConsumedRecord) => unknown,
    { isThere = false } = {},
  ): Promise<void> {
    const place = `${topic}/${partition}`
    const before = this.#latest.get(place)
    const reading = (async () => {
      await Promise.allSettled([before])
      const end = isThere ? toOffset : ((await this.ends(topic))[partition]?.high ?? 0)
      await this.#read(topic, partition, fromOffset, Math.min(toOffset, end), onRecord)
    })()
    this.#latest.set(place, reading)
    return reading
  }

  ends(topic: string): Promise<PartitionEnds[]> {
    return this.#askAny((reply) => {
      const logs = this.#cluster.partitions(topic)
      reply(logs.map(({ partition, end, records }) => ({ partition, low: records[0]?.offset ?? end, high: end })))
    })
  }

  offsetsAt(topic: string, timestampMs: number): Promise<Map<number, number>> {
    return this.#askAny((reply) => {
      const logs = this.#cluster.partitions(topic)
      reply(
        new Map(
          logs.map((log) => {
            const first = log.records.find((record) => record.timestampMs >= timestampMs)
            return [log.partition, first?.offset ?? log.end]
          }),
        ),
      )
    })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed.abort()
    this.#asking.abort()
  }

  async #read(
    topic: string,
    partition: number,
    fromOffset: number,
    toOffset: number,
    onRecord: (record: ConsumedRecord) => unknown,
  ): Promise<void> {
    const log = this.#cluster.log(topic, partition)
    for (let position = fromOffset; position < toOffset; ) {
      const found = await this.#cluster.askUntilAnswered<StoredRecord[]>(
        this.#process,
        () => log.leader,
        (reply) => reply(log.from(position, maxRecords)),
        this.#closed.signal,
      )
      for (const record of found) {
        if (record.offset >= toOffset) return
        if (onRecord(toConsumed(topic, partition, record)) === false) return
      }
      const last = found.at(-1)
      if (!last) return
      position = last.offset + 1
    }
  }

  #askAny<T>(serve: (reply: (answer: T) => void) => void): Promise<T> {
    return this.#cluster.askUntilAnswered(this.#process, () => this.#cluster.anyBroker(), serve, this.#asking.signal)
  }
}
