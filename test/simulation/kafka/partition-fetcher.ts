import type { ConsumedRecord } from '../../../services/platform/kafka/consumer.ts'
import type { SimulatedProcess } from '../process.ts'
import type { SimulatedCluster } from './cluster.ts'
import type { PartitionLog, StoredRecord } from './log.ts'

export type FetchedRecords = {
  topic: string
  partition: number
  records: ConsumedRecord[]
  highWatermark: number
  nextOffset: number
}

export type FetcherOptions = {
  /** @returns how many of the records were taken, from the first. The rest is fetched again. */
  onBatch: (batch: FetchedRecords) => number | Promise<number>
  /** Longest time that the broker waits for more records. */
  maxWaitMs: number
  fail: (error: unknown) => void
}

const maxRecords = 40
/** Pause before records are handed over again that were not taken. */
const againMs = 20

/** Reads one partition from an offset on, one batch at a time, whenever there is something to read. */
export class PartitionFetcher {
  readonly log: PartitionLog
  /** Offset of the next fetch; below 0 while it is not known yet. */
  position: number
  isPaused = false
  readonly #process: SimulatedProcess
  readonly #cluster: SimulatedCluster
  readonly #options: FetcherOptions
  /** The batch being handled. */
  handling: Promise<void> | undefined
  #isFetching = false
  #isClosed = false
  /** Changes with each seek: what was fetched before is dropped. */
  #version = 0
  #waiting: { cancel(): void } | undefined

  constructor(
    process: SimulatedProcess,
    cluster: SimulatedCluster,
    log: PartitionLog,
    position: number,
    options: FetcherOptions,
  ) {
    this.#process = process
    this.#cluster = cluster
    this.log = log
    this.position = position
    this.#options = options
  }

  /** Fetches if there is something to fetch, now or once there is. */
  wake(): void {
    if (this.#isClosed || this.isPaused || this.#isFetching || this.handling || this.position < 0) return
    if (this.position >= this.log.end) {
      this.#waiting ??= this.log.onAppend(() => {
        this.#waiting = undefined
        this.#process.run(() => this.wake())
      })
      return
    }
    this.#isFetching = true
    this.#process.after(this.#delayMs(), () => this.#fetch())
  }

  pause(): void {
    this.isPaused = true
  }

  resume(): void {
    this.isPaused = false
    this.wake()
  }

  seek(position: number): void {
    this.position = position
    this.#version++
    this.wake()
  }

  close(): void {
    this.#isClosed = true
    this.#waiting?.cancel()
  }

  #delayMs(): number {
    const { world } = this.#cluster
    if (this.#cluster.isAway(this.log.leader)) return world.between(250, 1_000)
    return this.#cluster.latencyMs() + (world.random() < 0.05 ? world.random() * this.#options.maxWaitMs : 0)
  }

  #fetch(): void {
    this.#isFetching = false
    if (this.#isClosed || this.isPaused) return
    if (this.#cluster.isAway(this.log.leader)) return this.wake()
    const { topic, partition, end } = this.log
    const found = this.log.from(this.position, 1 + Math.floor(this.#cluster.world.random() * maxRecords))
    const nextOffset = (found.at(-1)?.offset ?? end - 1) + 1
    const records = found.map((record) => toConsumed(topic, partition, record))
    // Compaction may have left nothing between the position and the end.
    if (records.length === 0) {
      this.position = nextOffset
      return this.wake()
    }
    const batch = { topic, partition, records, highWatermark: end, nextOffset }
    this.handling = this.#handle(batch)
      .catch(this.#options.fail)
      .then((hasTakenAll) => {
        this.handling = undefined
        if (hasTakenAll) this.wake()
        else this.#process.after(againMs, () => this.wake())
      })
  }

  /** @returns whether all records were taken. */
  async #handle(batch: FetchedRecords): Promise<boolean> {
    const version = this.#version
    const taken = await this.#options.onBatch(batch)
    if (version !== this.#version) return true
    const last = batch.records[taken - 1]
    if (taken === batch.records.length) this.position = batch.nextOffset
    else if (last) this.position = last.offset + 1
    return taken === batch.records.length
  }
}

export function toConsumed(topic: string, partition: number, record: StoredRecord): ConsumedRecord {
  const { offset, key, value, headers, timestampMs } = record
  return { topic, partition, offset, key, value, headers, timestampMs }
}
