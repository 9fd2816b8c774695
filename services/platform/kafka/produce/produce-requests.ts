import type { Connection } from '@platformatic/kafka'
import type { Clock } from '../../runtime/clock.ts'
import { placeOf } from '../readers/reading.ts'
import type { ProducerCluster } from '../wire/cluster.ts'
import { faultOfCode, faultOfError, KafkaFault } from '../wire/kafka-fault.ts'
import type { ProducerIdentity, SendProduce } from '../wire/produce-protocol.ts'
import type { KnownLeaders } from './known-leaders.ts'
import type { PartitionQueue } from './partition-queue.ts'
import { requestIdentity } from './producer-identity.ts'

/** A request that takes longer is watched: its partitions may have a new leader. */
const lateMs = 2_000
/** Longer than the leader waits for its followers. */
const answerLimitMs = 20_000

/** For each partition of a request the offset of its first record, or why it was not acknowledged. */
type ProduceResults = Map<PartitionQueue, number | KafkaFault>

/** Sends the batches of partitions to their leader, under the producer's id. */
export class ProduceRequests {
  readonly #cluster: ProducerCluster
  readonly #leaders: KnownLeaders
  readonly #send: SendProduce
  readonly #clock: Clock
  #identity: Promise<ProducerIdentity> | undefined

  constructor(cluster: ProducerCluster, leaders: KnownLeaders, send: SendProduce, clock: Clock) {
    this.#cluster = cluster
    this.#leaders = leaders
    this.#send = send
    this.#clock = clock
  }

  /** @throws a bug. */
  async send(leader: number, queues: readonly PartitionQueue[]): Promise<ProduceResults> {
    try {
      const identity = await this.#currentIdentity()
      const connection = await this.#cluster.connection(leader, 'produce', answerLimitMs)
      const batches = queues.map((queue) => queue.batch(identity))
      using _watch = this.#watch(leader, queues, connection)
      const results = await this.#send(connection, batches, this.#clock.nowMs())
      const byPlace = new Map(results.map((result) => [placeOf(result.topic, result.partition), result]))
      return new Map(
        queues.map((queue) => {
          const where = `topic ${queue.topic}, partition ${queue.partition}`
          const result = byPlace.get(queue.place)
          if (!result) return [queue, new KafkaFault('connection', null, `${where}: not in the answer`)]
          return [queue, result.errorCode === 0 ? result.baseOffset : faultOfCode(result.errorCode, where)]
        }),
      )
    } catch (error) {
      const fault = faultOfError(error, this.#cluster.describe(leader))
      if (!(fault instanceof KafkaFault)) throw fault
      return new Map(queues.map((queue) => [queue, fault]))
    }
  }

  /** The producer's id, requested before the first batch. */
  #currentIdentity(): Promise<ProducerIdentity> {
    this.#identity ??= requestIdentity(this.#cluster).catch((error: unknown) => {
      this.#identity = undefined
      throw error
    })
    return this.#identity
  }

  /**
   * While an answer is late, reads the leaders again. Once a partition has another leader, which knows the sequence
   * numbers too, the answer is no longer needed.
   */
  #watch(leader: number, queues: readonly PartitionQueue[], connection: Connection): Disposable {
    const answered = new AbortController()
    const watch = async () => {
      for (;;) {
        await this.#clock.sleep(lateMs, answered.signal)
        if (answered.signal.aborted) return
        this.#cluster.distrust(leader)
        await this.#leaders.refresh()
        const hasMoved = queues.some(({ topic, partition }) => this.#leaders.leaderOf(topic, partition) !== leader)
        if (hasMoved && !answered.signal.aborted) return connection.close()
      }
    }
    void watch()
    return { [Symbol.dispose]: () => answered.abort() }
  }
}
