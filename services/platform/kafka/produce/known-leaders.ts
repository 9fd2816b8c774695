import type { Clock } from '../../runtime/clock.ts'
import type { ProducerCluster, TopicState } from '../wire/cluster.ts'
import { faultOfError, KafkaFault } from '../wire/kafka-fault.ts'

/** Age after which partitions that were added, or leaders that moved, are noticed without a fault. */
const maxAgeMs = 300_000

/**
 * Partitions of the topics that are written, and their leaders, as the latest answer of a broker has them. Unlike
 * TopicLeaders, it keeps no ids of logs and reads the metadata mostly after a fault.
 */
export class KnownLeaders {
  readonly #cluster: Pick<ProducerCluster, 'metadata'>
  readonly #clock: Pick<Clock, 'monotonicMs'>
  readonly #topics = new Map<string, TopicState | null>()
  /** Why the latest question was not answered. */
  #fault: KafkaFault | null = null
  #reading: Promise<void> | undefined
  #readAtMs: number

  constructor(cluster: Pick<ProducerCluster, 'metadata'>, clock: Pick<Clock, 'monotonicMs'>) {
    this.#cluster = cluster
    this.#clock = clock
    this.#readAtMs = clock.monotonicMs()
  }

  /** @throws KafkaFault if no broker answers. */
  async open(topics: readonly string[]): Promise<void> {
    for (const topic of topics) this.#topics.set(topic, null)
    await this.refresh()
    if (this.#fault) throw this.#fault
  }

  /** Number of the topic's partitions; null while it is not known. */
  countOf(topic: string): number | null {
    const state = this.#topics.get(topic)
    return !state || state.fault || state.leaders.length === 0 ? null : state.leaders.length
  }

  /** Node id of the partition's leader; null while it has none, or none is known. */
  leaderOf(topic: string, partition: number | null): number | null {
    const nodeId = partition === null ? -1 : (this.#topics.get(topic)?.leaders[partition]?.nodeId ?? -1)
    return nodeId < 0 ? null : nodeId
  }

  /** Why a partition has no leader, or a topic no partitions. */
  faultOf(topic: string, partition: number | null): KafkaFault {
    const state = this.#topics.get(topic)
    const fault = this.#fault ?? state?.fault
    if (fault) return fault
    const where = partition === null ? `topic ${topic}` : `topic ${topic}, partition ${partition}`
    const isKnown = partition !== null && state?.leaders[partition] !== undefined
    return new KafkaFault('leader', null, `${where}: ${isKnown ? 'has no leader' : 'is not known yet'}`)
  }

  get isOutdated(): boolean {
    return this.#clock.monotonicMs() - this.#readAtMs > maxAgeMs
  }

  /** Reads the state of all topics that have been asked for, and of this one. */
  async refresh(topic?: string): Promise<void> {
    if (topic !== undefined && !this.#topics.has(topic)) {
      // The answer that is on its way does not contain this topic.
      await this.#reading
      this.#topics.set(topic, null)
    }
    this.#reading ??= this.#read().finally(() => {
      this.#reading = undefined
    })
    await this.#reading
  }

  async #read(): Promise<void> {
    this.#readAtMs = this.#clock.monotonicMs()
    try {
      for (const [topic, state] of await this.#cluster.metadata([...this.#topics.keys()]))
        this.#topics.set(topic, state)
      this.#fault = null
    } catch (error) {
      const fault = faultOfError(error, 'metadata')
      if (!(fault instanceof KafkaFault)) throw fault
      this.#fault = fault
    }
  }
}
