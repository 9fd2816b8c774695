import type { Clock } from '../../runtime/clock.ts'
import { LogIds } from '../log-ids.ts'
import { findFault, type PartitionLeader, type ReaderCluster, type TopicState } from '../wire/cluster.ts'
import { faultOfError, KafkaFault } from '../wire/kafka-fault.ts'

export type TopicLeadersPorts = {
  /** Topics that are read now, besides those that were learnt at the start. */
  topics(): Iterable<string>
  /** Called after each answer. */
  onLearnt(): void
  onMorePartitions(topic: string, partitions: number): void
  /** Called when the topic has another log than before. */
  onOtherLog(topic: string, before: string, now: string): void
  onFault(place: string, fault: KafkaFault | null): void
  fail(error: unknown): void
}

export const noLeader: PartitionLeader = { nodeId: -1, epoch: -1 }
const pauseMs = 250

/**
 * Ids of the logs of a reader's topics, and the leaders of their partitions, as the metadata have them. A reader must
 * notice another log and more partitions within seconds; a producer's KnownLeaders waits for a fault instead.
 */
export class TopicLeaders {
  readonly #cluster: ReaderCluster
  readonly #clock: Clock
  readonly #closed: AbortSignal
  readonly #ports: TopicLeadersPorts
  readonly #logIds: LogIds
  /** Topics that the reader was opened for. */
  #own: readonly string[] = []
  readonly #leaders = new Map<string, readonly PartitionLeader[]>()
  /** Number of partitions that each topic had. */
  readonly #counts = new Map<string, number>()
  /** Topics that Kafka's ACLs do not allow to read. */
  readonly #denied = new Set<string>()
  #refreshing: Promise<void> | undefined
  #watching = false

  constructor(
    cluster: ReaderCluster,
    logIds: ReadonlyMap<string, string>,
    clock: Clock,
    closed: AbortSignal,
    ports: TopicLeadersPorts,
  ) {
    this.#cluster = cluster
    this.#logIds = new LogIds(logIds)
    this.#clock = clock
    this.#closed = closed
    this.#ports = ports
  }

  of(topic: string, partition: number): PartitionLeader {
    return this.#leaders.get(topic)?.[partition] ?? noLeader
  }

  /** Undefined until the topic was found. */
  idOf(topic: string): string | undefined {
    return this.#logIds.of(topic) ?? undefined
  }

  /**
   * Reads the metadata once, and watches these topics from then on.
   * @throws KafkaFault if there is no answer, or a topic is missing or may not be read.
   */
  async learn(topics: readonly string[]): Promise<void> {
    const states = await this.#cluster.metadata(topics)
    for (const topic of topics) {
      const state = states.get(topic)
      const fault = state
        ? findFault(topic, state, 'Read')
        : new KafkaFault('gone', null, `topic ${topic} is not in the metadata`)
      if (fault) throw fault
    }
    this.#own = topics
    for (const [topic, state] of states) this.#learn(topic, state)
    this.#ports.onLearnt()
    this.#watch()
  }

  /** Reads the metadata until that works, at most once in a pause. */
  refresh(): void {
    const work = async () => {
      while (!this.#closed.aborted && !(await this.#read())) await this.#clock.sleep(pauseMs, this.#closed)
      await this.#clock.sleep(pauseMs, this.#closed)
      this.#refreshing = undefined
      // A partition may have lost its leader meanwhile, or have none yet, or a right is missing.
      if (!this.#closed.aborted && [...this.#topics()].some((topic) => !this.#isComplete(topic))) this.refresh()
    }
    this.#refreshing ??= work()
    this.#watch()
  }

  #watch(): void {
    if (this.#watching || this.#closed.aborted) return
    const refreshes = this.#cluster.everyRefresh(() => this.refresh())
    this.#watching = true
    this.#closed.addEventListener('abort', () => refreshes.cancel())
  }

  #topics(): Set<string> {
    return new Set(this.#own).union(new Set(this.#ports.topics()))
  }

  #isComplete(topic: string): boolean {
    const leaders = this.#leaders.get(topic)
    return leaders !== undefined && !leaders.includes(noLeader) && !this.#denied.has(topic)
  }

  async #read(): Promise<boolean> {
    const topics = [...this.#topics()]
    if (topics.length === 0) return true
    try {
      const states = await this.#cluster.metadata(topics)
      this.#ports.onFault('metadata', null)
      for (const [topic, state] of states) {
        this.#ports.onFault(topic, findFault(topic, state, 'Read'))
        this.#learn(topic, state)
      }
      this.#ports.onLearnt()
      return true
    } catch (error) {
      const fault = faultOfError(error, 'metadata')
      if (fault instanceof KafkaFault) this.#ports.onFault('metadata', fault)
      else this.#ports.fail(fault)
      return false
    }
  }

  #learn(topic: string, { id, leaders, fault, denied }: TopicState): void {
    if (denied.includes('Read')) this.#denied.add(topic)
    else this.#denied.delete(topic)
    if (fault) return void this.#leaders.set(topic, [noLeader])
    const other = this.#logIds.meet(topic, id)
    if (other !== null) return this.#ports.onOtherLog(topic, other, id)
    // Partitions are counted even while they have no leader: one that is added then would be noticed by nobody.
    const isMore = leaders.length > (this.#counts.get(topic) ?? Number.POSITIVE_INFINITY)
    this.#counts.set(topic, leaders.length)
    this.#leaders.set(
      topic,
      leaders.map((leader) => (leader.nodeId < 0 ? noLeader : leader)),
    )
    if (isMore) this.#ports.onMorePartitions(topic, leaders.length)
  }
}
