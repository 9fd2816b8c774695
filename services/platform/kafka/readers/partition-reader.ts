import { LogChanged } from '../log-ids.ts'
import { nameDenial } from '../security/denied.ts'
import type { ReaderCluster } from '../wire/cluster.ts'
import { KafkaFault } from '../wire/kafka-fault.ts'
import { BrokerFetcher } from './broker-fetcher.ts'
import { type PartitionReaderOptions, type Positions, placeOf, type Reading } from './reading.ts'
import { noLeader, TopicLeaders } from './topic-leaders.ts'

/** Pause before a partition is tried again that has no leader, and before one that is denied or whose topic is missing. */
const pauseMs = 250
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
  readonly #leaders: TopicLeaders
  readonly #readings = new Map<string, Reading>()
  /** Partitions of which a batch is being handled, also for a reading that has ended. */
  readonly #handled = new Set<string>()
  readonly #faulty = new Set<string>()
  #hasFailed = false

  constructor(cluster: ReaderCluster, options: PartitionReaderOptions) {
    const { logIds = new Map(), clock } = options
    this.#cluster = cluster
    this.#options = options
    this.#leaders = new TopicLeaders(cluster, logIds, clock, this.#closed.signal, {
      topics: () => this.#readings.values().map(({ topic }) => topic),
      onLearnt: () => this.#assignLeaders(),
      onMorePartitions: (topic, partitions) => options.onMorePartitions?.(topic, partitions),
      onOtherLog: (topic, before, now) => void this.#endAtOtherLog(topic, before, now),
      onFault: (place, fault) => this.#report(place, fault),
      fail: (error) => this.#fail(error),
    })
  }

  /** Finds the topics' logs and leaders. @throws KafkaFault if that is not possible now, or one may not be read. */
  prepare(topics: readonly string[]): Promise<void> {
    return this.#leaders.learn(topics)
  }

  /** Replaces the partitions that are read; nothing is paused. */
  read(positions: Positions): void {
    for (const reading of this.#readings.values()) this.#drop(reading)
    for (const [topic, partitions] of positions)
      for (const [partition, position] of partitions) this.#add(topic, partition, position)
    this.#wake()
  }

  /** Begins to read one more partition, or the same one anew. */
  begin(topic: string, partition: number, position: number): void {
    this.end(topic, partition)
    this.#add(topic, partition, position)
    this.#wake()
  }

  /**
   * Begins to read partitions that were added to the topic, from their first records. @param partitions number of the
   * topic's partitions now.
   */
  beginAdded(topic: string, partitions: number): void {
    for (let partition = 0; partition < partitions; partition++)
      if (this.position(topic, partition) === undefined) this.begin(topic, partition, 0)
  }

  /** Stops reading a partition: no batch of it is handed over any more. */
  end(topic: string, partition: number): void {
    const reading = this.#readings.get(placeOf(topic, partition))
    if (reading) this.#drop(reading)
  }

  /** Pauses a partition. Records that still arrive for it are dropped, and fetched again later. */
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
    this.#fetchers.get(reading.leader.nodeId)?.interrupt()
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

  #add(topic: string, partition: number, position: number): void {
    const place = placeOf(topic, partition)
    const leader = this.#leaders.of(topic, partition)
    const state = { isPaused: false, isHeldBack: false, generation: 0, leader, asked: null }
    this.#readings.set(place, { topic, partition, place, position, ...state })
    if (leader === noLeader) return this.#leaders.refresh()
    this.#startFetcher(leader.nodeId)
    this.#fetchers.get(leader.nodeId)?.interrupt()
  }

  /** Drops a partition, with the records that are fetched or on their way. */
  #drop(reading: Reading): void {
    reading.generation++
    this.#readings.delete(reading.place)
  }

  #startFetcher(nodeId: number): void {
    if (this.#fetchers.has(nodeId) || this.#closed.signal.aborted) return
    const fetcher = new BrokerFetcher(nodeId, this.#cluster, this.#options, this.#closed.signal, {
      readings: () => this.#readings.values().filter(({ leader }) => leader.nodeId === nodeId),
      topicId: (topic) => this.#leaders.idOf(topic),
      handled: this.#handled,
      onHandled: () => this.#wake(),
      onPartitionFault: (reading, fault) => this.#onPartitionFault(reading, fault),
      onBrokerFault: (fault) => {
        this.#report(this.#cluster.describe(nodeId), fault)
        this.#leaders.refresh()
      },
      onPartitionWorks: ({ place }) => this.#recovered(() => place),
      onLate: () => {
        this.#cluster.distrust(nodeId)
        this.#leaders.refresh()
      },
      works: () => this.#recovered(() => this.#cluster.describe(nodeId)),
      fail: (error) => this.#fail(error),
    })
    this.#fetchers.set(nodeId, fetcher)
  }

  #wake(): void {
    for (const fetcher of this.#fetchers.values()) fetcher.wake()
  }

  #assignLeaders(): void {
    for (const reading of this.#readings.values()) {
      const { nodeId } = reading.leader
      reading.leader = this.#leaders.of(reading.topic, reading.partition)
      if (reading.leader === noLeader) continue
      this.#startFetcher(reading.leader.nodeId)
      if (reading.leader.nodeId !== nodeId) this.#fetchers.get(reading.leader.nodeId)?.interrupt()
    }
    this.#wake()
  }

  #onPartitionFault(reading: Reading, fault: KafkaFault): void {
    if (fault.kind === 'final') return this.#fail(fault)
    if (fault.kind === 'position') return void this.#findPosition(reading)
    // A change of leaders is a matter of moments, and nothing to report.
    if (fault.kind !== 'leader') this.#report(reading.place, nameDenial(fault, 'Read', reading.topic))
    this.#holdBack(reading, fault.kind === 'leader' ? pauseMs : longPauseMs)
    if (fault.kind === 'leader' || fault.kind === 'gone') this.#leaders.refresh()
  }

  #holdBack(reading: Reading, forMs: number): void {
    reading.isHeldBack = true
    void this.#options.clock.sleep(forMs, this.#closed.signal).then(() => {
      reading.isHeldBack = false
      this.#wake()
    })
  }

  /**
   * Continues at the log's first record when retention has deleted the records at the position. A position behind the
   * log's end belongs to another log.
   */
  async #findPosition(reading: Reading): Promise<void> {
    const { topic, partition, place, position, generation } = reading
    reading.isHeldBack = true
    try {
      const [ends] = await this.#cluster.ends(topic, 'all', [partition])
      const { low = position, high = position } = ends ?? {}
      if (reading.generation !== generation) return this.#holdBack(reading, 0)
      if (position > high)
        throw new LogChanged(
          `${place} was read up to offset ${position}, but ends at ${high} now: it was truncated or recreated`,
        )
      if (position > 0 && position < low)
        this.#options.onDeleted?.({ topic, partition, fromOffset: position, toOffset: low })
      reading.position = Math.max(position, low)
      this.#options.onPassed?.({ topic, partition, nextOffset: reading.position })
      this.#holdBack(reading, position < low ? 0 : pauseMs)
    } catch (error) {
      if (!(error instanceof KafkaFault)) return this.#fail(error)
      // Not again for its position: that would ask at once.
      this.#onPartitionFault(reading, error)
    }
  }

  async #endAtOtherLog(topic: string, before: string, now: string): Promise<void> {
    const ofTopic = [...this.#readings.values()].filter((reading) => reading.topic === topic)
    const ends = await this.#cluster.ends(topic, 'all').catch(() => [])
    const read = ofTopic.map(({ partition, position }) => `${partition}: ${position}`).join(', ')
    const high = ends.map((end) => `${end.partition}: ${end.high}`).join(', ')
    const ids = `topic id ${before} before, ${now} now`
    this.#fail(
      new LogChanged(
        `${topic} was deleted and recreated (${ids}): it was read up to ${read || '?'}, and ends at ${high || '?'} now`,
      ),
    )
  }

  /** Ends all reading, once: no record of another log may be handed over. */
  #fail(error: unknown): void {
    if (this.#hasFailed || this.#closed.signal.aborted) return
    this.#hasFailed = true
    for (const reading of this.#readings.values()) this.#drop(reading)
    this.#options.fail(error)
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
