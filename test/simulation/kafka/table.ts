import type { OpenTable } from '../../../services/platform/kafka/access/kafka-access.ts'
import type { TableOptions } from '../../../services/platform/kafka/readers/table.ts'
import type { SimulatedProcess } from '../process.ts'
import type { SimulatedCluster } from './cluster.ts'
import { type FetchedRecords, PartitionFetcher } from './partition-fetcher.ts'

type Waiter = { partition: number; offset: number; resolve: () => void }

/** TopicTable as it behaves towards a service. */
export class SimulatedTable implements OpenTable {
  readonly #process: SimulatedProcess
  readonly #cluster: SimulatedCluster
  readonly #options: TableOptions
  readonly #stopping: AbortSignal | undefined
  readonly #fetchers: PartitionFetcher[]
  readonly #waiters = new Set<Waiter>()

  private constructor(
    process: SimulatedProcess,
    cluster: SimulatedCluster,
    options: TableOptions,
    stopping: AbortSignal | undefined,
  ) {
    this.#process = process
    this.#cluster = cluster
    this.#options = options
    this.#stopping = stopping
    const onBatch = (batch: FetchedRecords) => this.#take(batch)
    this.#fetchers = cluster
      .partitions(options.topic)
      .map((log) => new PartitionFetcher(process, cluster, log, 0, { onBatch, maxWaitMs: 500, fail: options.fail }))
  }

  static async open(
    process: SimulatedProcess,
    cluster: SimulatedCluster,
    options: TableOptions,
    stopping?: AbortSignal,
  ): Promise<SimulatedTable> {
    const table = new SimulatedTable(process, cluster, options, stopping)
    for (const fetcher of table.#fetchers) fetcher.wake()
    await table.caughtUp()
    return table
  }

  async caughtUp(): Promise<void> {
    const ends = await this.#cluster.askUntilAnswered<number[]>(
      this.#process,
      () => this.#cluster.anyBroker(),
      (reply) => reply(this.#fetchers.map(({ log }) => log.end)),
      this.#stopping,
    )
    await Promise.all(ends.map((end, partition) => this.reached(partition, end)))
  }

  async written(partition: number, offset: number): Promise<void> {
    await this.reached(partition, offset + 1)
  }

  reached(partition: number, offset: number, over?: AbortSignal): Promise<void> {
    if (this.position(partition) >= offset || over?.aborted) return Promise.resolve()
    return new Promise((resolve) => {
      const waiter = { partition, offset, resolve }
      this.#waiters.add(waiter)
      over?.addEventListener('abort', () => {
        this.#waiters.delete(waiter)
        resolve()
      })
    })
  }

  position(partition: number): number {
    return this.#fetchers[partition]?.position ?? 0
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const fetcher of this.#fetchers) fetcher.close()
  }

  #take({ partition, records, nextOffset }: FetchedRecords): number {
    for (const record of records)
      this.#options.onRecord(record, (reason) => {
        this.#cluster.violation(`${record.topic}/${partition}@${record.offset} cannot be read: ${reason}`)
      })
    const fetcher = this.#fetchers[partition]
    if (fetcher) fetcher.position = nextOffset
    for (const waiter of this.#waiters) {
      if (waiter.partition !== partition || waiter.offset > nextOffset) continue
      this.#waiters.delete(waiter)
      waiter.resolve()
    }
    return records.length
  }
}
