import { LogChanged } from '../log-ids.ts'
import type { PartitionLeader, ReaderCluster, TopicState } from '../wire/cluster.ts'
import { faultOfError, KafkaFault } from '../wire/kafka-fault.ts'
import { BrokerFetcher } from './broker-fetcher.ts'
import { type PartitionReaderOptions, placeOf, type Reading } from './reading.ts'

const noLeader: PartitionLeader = { nodeId: -1, epoch: -1 }
/** Pause between two readings of the metadata, and before a broker that failed is asked again. */
const pauseMs = 250
/** Pause before a partition is tried again that Kafka's ACLs deny, or whose topic is missing. */
const longPauseMs = 1_000

/**
 * Reads given partitions from given offsets, without a group. It keeps its own positions, fetches from all leaders at
 * the same time in sessions (KIP-227), follows leaders that move, and leaves out paused partitions. Topics are fetched
 * by their id, so a topic that is recreated is noticed by the next fetch.
 */
export class PartitionReader implements AsyncDisposable {
  readonly #cluster: ReaderCluster
  readonly #options: PartitionReaderOptions
  readonly #closed = new AbortController()
  readonly #fetchers = new Map<number, BrokerFetcher>()
  readonly #topicIds = new Map<string, string>()
  readonly #faulty = new Set<string>()
  #readings = new Map<string, Reading>()
  #refreshing: Promise<void> | undefined

  constructor(cluster: ReaderCluster, options: PartitionReaderOptions) {
    this.#cluster = cluster
    this.#options = options
  }

  /** Replaces the partitions that are read; nothing is paused. @param positions topic -> partition -> offset. */
  read(positions: ReadonlyMap<string, ReadonlyMap<number, number>>): void {
    const before = this.#readings
    this.#readings = new Map()
    for (const [topic, partitions] of positions)
      for (const [partition, position] of partitions) {
        const place = placeOf(topic, partition)
        const { leader = noLeader, generation = 0 } = before.get(place) ?? {}
        const state = { isPaused: false, isBusy: false, generation: generation + 1, leader, asked: null }
        this.#readings.set(place, { topic, partition, position, ...state })
      }
    if (this.#readings.values().some(({ leader }) => leader === noLeader)) this.#refresh()
    this.#wake()
  }

  /** What arrives for a paused partition is dropped, and fetched again later. */
  pause(topic: string, partition: number): void {
    const reading = this.#readings.get(placeOf(topic, partition))
    if (reading) reading.isPaused = true
  }

  resume(topic: string, partition: number): void {
    const reading = this.#readings.get(placeOf(topic, partition))
    if (!reading?.isPaused) return
    reading.isPaused = false
    this.#wake()
  }

  /** Sets the offset at which the partition's next batch begins, and drops what was fetched from elsewhere. */
  seek(topic: string, partition: number, offset: number): void {
    const reading = this.#readings.get(placeOf(topic, partition))
    if (!reading) return
    reading.position = offset
    reading.generation++
    this.#wake()
  }

  /** Offset of the partition's next fetch; undefined if it is not read. */
  position(topic: string, partition: number): number | undefined {
    return this.#readings.get(placeOf(topic, partition))?.position
  }

  /** Resolves when no batch is handed over any more. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed.abort()
    this.#wake()
    await Promise.all(this.#fetchers.values().map((fetcher) => fetcher.ended))
  }

  #fetcherOf(nodeId: number): BrokerFetcher {
    const known = this.#fetchers.get(nodeId)
    if (known) return known
    const fetcher = new BrokerFetcher(nodeId, this.#cluster, this.#options, this.#closed.signal, {
      readings: () => this.#readings.values().filter(({ leader }) => leader.nodeId === nodeId),
      topicId: (topic) => this.#topicIds.get(topic),
      onHandled: () => this.#wake(),
      onPartitionFault: (reading, fault) => this.#onPartitionFault(reading, fault),
      onBrokerFault: (fault) => this.#onBrokerFault(nodeId, fault),
      onPartitionWorks: ({ topic, partition }) => this.#recovered(() => placeOf(topic, partition)),
      onLate: () => {
        this.#cluster.distrust(nodeId)
        this.#refresh()
      },
      works: () => this.#recovered(() => this.#cluster.describe(nodeId)),
    })
    this.#fetchers.set(nodeId, fetcher)
    return fetcher
  }

  #wake(): void {
    for (const fetcher of this.#fetchers.values()) fetcher.wake()
  }

  #onBrokerFault(nodeId: number, fault: KafkaFault): void {
    this.#report(this.#cluster.describe(nodeId), fault)
    this.#refresh()
  }

  #onPartitionFault(reading: Reading, fault: KafkaFault): void {
    const { topic, partition } = reading
    if (fault.kind === 'final') return this.#options.fail(fault)
    if (fault.kind === 'position') return void this.#findPosition(reading)
    // A change of leaders is a matter of moments, and nothing to report.
    if (fault.kind !== 'leader') this.#report(placeOf(topic, partition), fault)
    this.#holdBack(reading, fault.kind === 'leader' ? pauseMs : longPauseMs)
    if (fault.kind === 'leader' || fault.kind === 'gone') this.#refresh()
  }

  #holdBack(reading: Reading, forMs: number): void {
    reading.isBusy = true
    void this.#options.clock.sleep(forMs, this.#closed.signal).then(() => {
      reading.isBusy = false
      this.#wake()
    })
  }

  /**
   * Goes on at the log's first record when retention has deleted the records at the position. A position behind the
   * log's end belongs to another log.
   */
  async #findPosition(reading: Reading): Promise<void> {
    const { topic, partition, position, generation, leader } = reading
    reading.isBusy = true
    try {
      const { low, high } = await this.#cluster.ends(topic, partition, leader.nodeId, 'all')
      if (reading.generation !== generation) return this.#holdBack(reading, 0)
      if (position > high)
        throw new LogChanged(`${placeOf(topic, partition)} was read up to ${position}, but ends at ${high} now`)
      reading.position = Math.max(position, low)
      this.#options.onPassed?.({ topic, partition, nextOffset: reading.position })
      this.#holdBack(reading, position < low ? 0 : pauseMs)
    } catch (error) {
      if (!(error instanceof KafkaFault)) return this.#options.fail(error)
      this.#onPartitionFault(reading, error)
    }
  }

  /** Reads the metadata until that works. Several calls at the same time are one. */
  #refresh(): void {
    const { clock } = this.#options
    const work = async () => {
      while (!this.#closed.signal.aborted) {
        if (await this.#readMetadata()) break
        await clock.sleep(pauseMs, this.#closed.signal)
      }
      await clock.sleep(pauseMs, this.#closed.signal)
      this.#refreshing = undefined
      // A partition may have lost its leader meanwhile, or have none yet.
      if (!this.#closed.signal.aborted && this.#readings.values().some(({ leader }) => leader === noLeader))
        this.#refresh()
    }
    this.#refreshing ??= work()
  }

  async #readMetadata(): Promise<boolean> {
    const topics = [...new Set(this.#readings.values().map(({ topic }) => topic))]
    try {
      const states = await this.#cluster.metadata(topics)
      this.#report('metadata', null)
      for (const [topic, state] of states) this.#learn(topic, state)
      this.#wake()
      return true
    } catch (error) {
      const fault = faultOfError(error, 'metadata')
      if (fault instanceof KafkaFault) this.#report('metadata', fault)
      else this.#options.fail(fault)
      return false
    }
  }

  #learn(topic: string, { id, leaders, fault }: TopicState): void {
    this.#report(topic, fault)
    const before = this.#topicIds.get(topic)
    if (!fault && before !== undefined && before !== id)
      return this.#options.fail(new LogChanged(`topic ${topic} was recreated: its log is ${id} now, not ${before}`))
    if (!fault) this.#topicIds.set(topic, id)
    for (const reading of this.#readings.values()) {
      if (reading.topic !== topic) continue
      const leader = leaders[reading.partition] ?? noLeader
      reading.leader = fault || leader.nodeId < 0 ? noLeader : leader
      if (reading.leader !== noLeader) this.#fetcherOf(leader.nodeId)
    }
  }

  #report(place: string, fault: KafkaFault | null): void {
    if (fault === null && !this.#faulty.delete(place)) return
    if (fault) this.#faulty.add(place)
    this.#options.onFault?.(place, fault)
  }

  #recovered(place: () => string): void {
    if (this.#faulty.size > 0) this.#report(place(), null)
  }
}
