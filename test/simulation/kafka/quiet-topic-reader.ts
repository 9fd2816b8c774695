import type { OpenQuietTopicReader } from '../../../services/platform/kafka/access/kafka-access.ts'
import type { QuietTopicReaderOptions } from '../../../services/platform/kafka/readers/quiet-topic-reader.ts'
import type { Positions } from '../../../services/platform/kafka/readers/reading.ts'
import type { SimulatedProcess } from '../process.ts'
import type { SimulatedCluster } from './cluster.ts'
import { type FetchedRecords, PartitionFetcher } from './partition-fetcher.ts'

/** QuietTopicReader as it behaves towards a service. A batch in progress goes on when other partitions are read. */
export class SimulatedQuietTopicReader implements OpenQuietTopicReader {
  readonly #process: SimulatedProcess
  readonly #cluster: SimulatedCluster
  readonly #options: QuietTopicReaderOptions
  readonly #fetchers = new Map<string, PartitionFetcher>()

  constructor(process: SimulatedProcess, cluster: SimulatedCluster, options: QuietTopicReaderOptions) {
    this.#process = process
    this.#cluster = cluster
    this.#options = options
  }

  read(positions: Positions): void {
    const wanted = [...positions].flatMap(([topic, partitions]) =>
      [...partitions].map(([partition, offset]) => ({ topic, partition, offset, place: `${topic}/${partition}` })),
    )
    const places = new Set(wanted.map(({ place }) => place))
    for (const [place, fetcher] of this.#fetchers) if (!places.has(place)) fetcher.pause()
    for (const { topic, partition, offset, place } of wanted) {
      const fetcher = this.#fetchers.get(place) ?? this.#createFetcher(topic, partition)
      this.#fetchers.set(place, fetcher)
      fetcher.seek(offset)
      fetcher.resume()
    }
    this.#read = places
  }

  pause(topic: string, partition: number): void {
    if (this.#read.has(`${topic}/${partition}`)) this.#fetchers.get(`${topic}/${partition}`)?.pause()
  }

  resume(topic: string, partition: number): void {
    if (this.#read.has(`${topic}/${partition}`)) this.#fetchers.get(`${topic}/${partition}`)?.resume()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const fetcher of this.#fetchers.values()) fetcher.close()
  }

  #read = new Set<string>()

  #createFetcher(topic: string, partition: number): PartitionFetcher {
    const { maxWaitMs, fail } = this.#options
    const onBatch = (batch: FetchedRecords) => this.#options.onBatch(batch)
    return new PartitionFetcher(this.#process, this.#cluster, this.#cluster.log(topic, partition), -1, {
      onBatch,
      maxWaitMs,
      fail,
    })
  }
}
