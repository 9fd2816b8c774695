import type { Clock } from '../../runtime/clock.ts'
import { placeOf } from '../readers/reading.ts'
import type { ProducerCluster, TopicState } from '../wire/cluster.ts'
import { faultOfCode, faultOfError, KafkaFault } from '../wire/kafka-fault.ts'
import {
  type BatchResult,
  type ProducedRecord,
  type ProducerIdentity,
  type SendProduce,
  sendProduce,
} from '../wire/produce-protocol.ts'
import { PartitionQueue } from './partition-queue.ts'
import { newIdentity } from './producer-identity.ts'

export type SequencedProducerOptions = {
  clock: Clock
  /** A partition or broker does not accept records at present; they wait. */
  onFault?: (place: string, fault: KafkaFault) => void
  /** Called for a fault that waiting does not fix; must end the process. */
  fail: (error: unknown) => void
  /** How requests are encoded; for comparisons. */
  send?: SendProduce
}

/**
 * Bytes of the records of one request, unless its first record is larger. All may belong to one partition, whose batch
 * must stay below Kafka's default of max.message.bytes, 1 MiB.
 */
const requestBytes = 900_000
const recordOverheadBytes = 100
const pauseMs = 250
/** A request that takes longer is watched: the metadata is read again, since its partitions may have a new leader. */
const lateMs = 2_000
/** Longer than the leader waits for its followers. */
const answerLimitMs = 20_000
/** Errors after which the broker and the producer do not agree about sequence numbers any more. */
const lostSequence = ['OUT_OF_ORDER_SEQUENCE_NUMBER', 'UNKNOWN_PRODUCER_ID', 'INVALID_PRODUCER_EPOCH']

/**
 * Writes records exactly once and in order for each partition. Every batch has a sequence number under the producer's
 * id, so a batch that is sent again, because its answer was lost or its leader moved, is recognised by the broker and
 * acknowledged with the offset that it already has. One request at a time is in flight for each leader: a slow leader
 * holds up only its own partitions.
 */
export class SequencedProducer implements AsyncDisposable {
  readonly #cluster: ProducerCluster
  readonly #options: SequencedProducerOptions
  readonly #queues = new Map<string, PartitionQueue>()
  readonly #topics = new Map<string, TopicState>()
  /** Requests in flight, by leader. */
  readonly #inFlight = new Map<number, Promise<void>>()
  #identity: ProducerIdentity
  #refreshing: Promise<void> | undefined
  #renewing: Promise<void> | undefined
  #scheduled = false
  #idle = Promise.withResolvers<void>()
  /** How often a batch was sent again. */
  repeats = 0

  private constructor(cluster: ProducerCluster, identity: ProducerIdentity, options: SequencedProducerOptions) {
    this.#cluster = cluster
    this.#identity = identity
    this.#options = options
  }

  /** @throws KafkaFault if no broker gives an id. */
  static async open(cluster: ProducerCluster, options: SequencedProducerOptions): Promise<SequencedProducer> {
    return new SequencedProducer(cluster, await newIdentity(cluster, options.clock), options)
  }

  /** Resolves with its offset once all in-sync replicas have the record. @throws KafkaFault if Kafka refuses it. */
  send(topic: string, partition: number, record: ProducedRecord): Promise<number> {
    return new Promise((acknowledged, refused) => {
      const bytes = recordOverheadBytes + Buffer.byteLength(record.key ?? '') + Buffer.byteLength(record.value ?? '')
      this.#queueOf(topic, partition).add({ record, bytes, acknowledged, refused })
      this.#schedule()
    })
  }

  /** Waits for all records. */
  async [Symbol.asyncDispose](): Promise<void> {
    while (this.#queues.values().some((queue) => !queue.isEmpty)) {
      this.#idle = Promise.withResolvers()
      await this.#idle.promise
    }
    await this.#refreshing
  }

  #queueOf(topic: string, partition: number): PartitionQueue {
    const place = placeOf(topic, partition)
    const known = this.#queues.get(place)
    if (known) return known
    const queue = new PartitionQueue(topic, partition)
    this.#queues.set(place, queue)
    return queue
  }

  /** Records of one turn of the event loop share a request. */
  #schedule(): void {
    if (this.#scheduled) return
    this.#scheduled = true
    setImmediate(() => {
      this.#scheduled = false
      this.#startAll()
    })
  }

  #startAll(): void {
    if (this.#renewing) return
    const byLeader = new Map<number, PartitionQueue[]>()
    let isLeaderless = false
    for (const queue of this.#queues.values()) {
      if (queue.isEmpty || queue.isInFlight || queue.isHeldBack) continue
      const leader = this.#topics.get(queue.topic)?.leaders[queue.partition]?.nodeId ?? -1
      if (leader < 0) isLeaderless = true
      else if (!byLeader.get(leader)?.push(queue)) byLeader.set(leader, [queue])
    }
    for (const [nodeId, queues] of byLeader)
      if (!this.#inFlight.has(nodeId)) this.#inFlight.set(nodeId, this.#produce(nodeId, queues))
    if (isLeaderless) this.#refresh()
  }

  async #produce(nodeId: number, ready: PartitionQueue[]): Promise<void> {
    const taken: PartitionQueue[] = []
    let bytes = 0
    for (const queue of ready) {
      if (bytes >= requestBytes) break
      bytes += queue.begin(requestBytes - bytes)
      taken.push(queue)
      this.#moveToEnd(queue)
    }
    try {
      const results = await this.#send(nodeId, taken)
      for (const queue of taken) this.#settle(queue, results.get(placeOf(queue.topic, queue.partition)))
    } catch (error) {
      const fault = faultOfError(error, this.#cluster.describe(nodeId))
      if (!(fault instanceof KafkaFault)) this.#options.fail(fault)
      else for (const queue of taken) this.#retry(queue, fault)
    }
    this.#inFlight.delete(nodeId)
    if (taken.every(({ isEmpty }) => isEmpty)) this.#idle.resolve()
    this.#schedule()
  }

  /** Partitions that wait for room in a request come first in the next one. */
  #moveToEnd(queue: PartitionQueue): void {
    const place = placeOf(queue.topic, queue.partition)
    this.#queues.delete(place)
    this.#queues.set(place, queue)
  }

  async #send(nodeId: number, taken: PartitionQueue[]): Promise<Map<string, BatchResult>> {
    const { clock, send = sendProduce } = this.#options
    const connection = await this.#cluster.connection(nodeId, 'produce', answerLimitMs)
    const answered = new AbortController()
    const watch = async () => {
      for (;;) {
        await clock.sleep(lateMs, answered.signal)
        if (answered.signal.aborted) return
        this.#cluster.distrust(nodeId)
        await this.#refresh()
        const hasMoved = taken.some((queue) => this.#leaderOf(queue) !== nodeId)
        // Its new leader knows the sequence numbers too, so the answer is no longer needed.
        if (hasMoved && !answered.signal.aborted) return connection.close()
      }
    }
    void watch()
    try {
      const batches = taken.map((queue) => queue.batch())
      const results = await send(connection, this.#identity, batches, clock.nowMs())
      return new Map(results.map((result) => [placeOf(result.topic, result.partition), result]))
    } finally {
      answered.abort()
    }
  }

  #settle(queue: PartitionQueue, result: BatchResult | undefined): void {
    const where = `topic ${queue.topic}, partition ${queue.partition}`
    if (!result) return this.#retry(queue, new KafkaFault('connection', null, `${where}: not in the answer`))
    if (result.errorCode === 0) return queue.acknowledge(result.baseOffset)
    const fault = faultOfCode(result.errorCode, where)
    if (lostSequence.includes(fault.type ?? '')) return this.#renew(queue)
    if (fault.kind === 'final') return queue.refuse(fault)
    this.#retry(queue, fault)
  }

  /** The same batch, with the same sequence number, is sent again after a pause, to the leader of that time. */
  #retry(queue: PartitionQueue, fault: KafkaFault): void {
    this.repeats++
    if (fault.kind !== 'leader') this.#options.onFault?.(placeOf(queue.topic, queue.partition), fault)
    queue.holdBack()
    void this.#refresh().then(() => {
      queue.release()
      this.#schedule()
    })
  }

  /**
   * Takes a new id when a broker has lost the sequence numbers, which it does only with the records themselves. All
   * partitions begin at 0 under the new id, once no request is in flight.
   */
  #renew(queue: PartitionQueue): void {
    queue.holdBack()
    queue.release()
    const work = async () => {
      await Promise.all(this.#inFlight.values())
      for (;;) {
        try {
          this.#identity = await newIdentity(this.#cluster, this.#options.clock)
          break
        } catch (error) {
          if (!(error instanceof KafkaFault)) return this.#options.fail(error)
          await this.#options.clock.sleep(pauseMs)
        }
      }
      for (const each of this.#queues.values()) each.restart()
      this.#renewing = undefined
      this.#schedule()
    }
    this.#renewing ??= work()
  }

  #leaderOf({ topic, partition }: PartitionQueue): number {
    return this.#topics.get(topic)?.leaders[partition]?.nodeId ?? -1
  }

  /** Reads the metadata, at most once in a pause. */
  #refresh(): Promise<void> {
    const work = async () => {
      const topics = [...new Set(this.#queues.values().map(({ topic }) => topic))]
      try {
        for (const [topic, state] of await this.#cluster.metadata(topics)) {
          this.#topics.set(topic, state)
          if (state.fault) this.#options.onFault?.(topic, state.fault)
        }
      } catch (error) {
        const fault = faultOfError(error, 'metadata')
        if (fault instanceof KafkaFault) this.#options.onFault?.('metadata', fault)
        else this.#options.fail(fault)
      }
      this.#schedule()
      await this.#options.clock.sleep(pauseMs)
      this.#refreshing = undefined
      this.#schedule()
    }
    this.#refreshing ??= work()
    return this.#refreshing
  }
}
