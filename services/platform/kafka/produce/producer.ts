import { retryUntilDone, type WaitContext } from '../../runtime/retry-until.ts'
import type { ProducerCluster } from '../wire/cluster.ts'
import { KafkaFault } from '../wire/kafka-fault.ts'
import { sendProduce } from '../wire/produce-protocol.ts'
import { KnownLeaders } from './known-leaders.ts'
import { type Acknowledged, bytesOf, type OutgoingRecord, type ProducerOptions } from './outgoing-record.ts'
import type { FailedTry, PartitionQueue } from './partition-queue.ts'
import { PartitionQueues } from './partition-queues.ts'
import { ProduceRequests } from './produce-requests.ts'
import { RecordRefused } from './record-refused.ts'
import { RightsCheck } from './rights-check.ts'
import { classifyFault, describeFault } from './send-fault.ts'
import { TopicFaults } from './topic-faults.ts'

export type { Acknowledged, OutgoingRecord, ProducerOptions } from './outgoing-record.ts'
export { RecordRefused } from './record-refused.ts'

/**
 * Bytes of the records of one request, unless its first record is larger. All may belong to one partition, whose batch
 * must stay below Kafka's default of max.message.bytes, 1,048,588.
 */
const requestBytes = 900_000

/**
 * Writes each record once, and in order within its partition. Records collect while a request to their leader is in
 * flight, and are the next one; a slow leader holds up only its own partitions. Every batch has a sequence number, so a
 * batch that is sent again because its answer was lost, or its leader has moved, is recognised by the broker and
 * acknowledged with the offset that it already has (docs/decisions/0001-idempotent-producer.md).
 * Records that Kafka does not accept at present are held back and retried, even after a stop was requested. Records for
 * other partitions continue. Held records stay in memory: watch bufferedBytes.
 */
export class BatchingProducer implements AsyncDisposable {
  readonly #context: WaitContext
  readonly #fail: (error: unknown) => void
  readonly #lingerMs: number
  readonly #leaders: KnownLeaders
  readonly #requests: ProduceRequests
  readonly #faults: TopicFaults
  readonly #rights: RightsCheck
  readonly #queues: PartitionQueues
  /** Queues with records that are not tried or held back, in the order of their turns. */
  readonly #ready = new Set<PartitionQueue>()
  /** Leaders with a request in flight. */
  readonly #inFlight = new Set<number>()
  #bufferedBytes = 0
  #isScheduled = false
  /** Whether a fault was met that waiting does not fix. */
  #hasEnded = false
  #settled = Promise.withResolvers<void>()

  private constructor(
    cluster: ProducerCluster,
    leaders: KnownLeaders,
    context: WaitContext,
    fail: (error: unknown) => void,
    { topics = [], lingerMs = 0, send = sendProduce }: ProducerOptions,
  ) {
    this.#context = context
    this.#fail = fail
    this.#lingerMs = lingerMs
    this.#leaders = leaders
    this.#queues = new PartitionQueues(leaders, context.clock.random)
    this.#requests = new ProduceRequests(cluster, leaders, send, context.clock)
    this.#faults = new TopicFaults(context)
    this.#rights = new RightsCheck(cluster, topics, this.#faults, context)
  }

  /**
   * Connects, waiting as long as that takes, and checks the write rights.
   * @param fail called for a fault that waiting does not fix; it must end the process.
   */
  static async open(
    { cluster }: { readonly cluster: ProducerCluster },
    context: WaitContext,
    fail: (error: unknown) => void,
    options: ProducerOptions = {},
  ): Promise<BatchingProducer> {
    const leaders = new KnownLeaders(cluster, context.clock)
    await retryUntilDone('kafka producer', context, () => leaders.open(options.topics ?? []))
    const opened = new BatchingProducer(cluster, leaders, context, fail, options)
    await opened.#rights.begin()
    return opened
  }

  /** Bytes of all records that Kafka has not acknowledged yet. */
  get bufferedBytes(): number {
    return this.#bufferedBytes
  }

  /**
   * Whether Kafka accepts records of these topics, as far as known: false while one is forbidden, missing or refuses
   * records.
   */
  takes(topics: readonly string[]): boolean {
    return !this.#faults.concerns(topics)
  }

  /** Why Kafka does not accept records of this topic at present; null if nothing is known against it. */
  faultOf(topic: string): string | null {
    return this.#faults.reasonOf(topic)
  }

  /**
   * Resolves once all in-sync replicas have the record (acks -1).
   * @throws RecordRefused; TypeError for a field that is neither a string nor a Buffer.
   */
  send(record: OutgoingRecord): Promise<Acknowledged> {
    return new Promise((resolve, reject) => this.enqueue(record, resolve, reject))
  }

  /**
   * Like send, without a promise per record. An error thrown by a callback ends the process.
   * @param acknowledged called once all in-sync replicas have the record, in the order of enqueueing within a
   * partition.
   * @throws TypeError for a field that is neither a string nor a Buffer.
   */
  enqueue(
    { topic, key, value, partition, headers, whileForbidden = 'wait', isLast = false }: OutgoingRecord,
    acknowledged: (ack: Acknowledged) => void,
    refused: (error: RecordRefused) => void,
  ): void {
    const bytes = bytesOf({ key, value, headers })
    this.#bufferedBytes += bytes
    const record = { topic, partition, key, value, headers, bytes, whileForbidden, isLast, acknowledged, refused }
    this.#makeReady(this.#queues.add(record))
  }

  /** Waits for all records. */
  async [Symbol.asyncDispose](): Promise<void> {
    while (this.#bufferedBytes > 0 && !this.#hasEnded) {
      this.#settled = Promise.withResolvers()
      await this.#settled.promise
    }
    await this.#rights[Symbol.asyncDispose]()
  }

  #makeReady(queue: PartitionQueue): void {
    if (queue.isBusy || queue.isEmpty || this.#ready.has(queue)) return
    this.#ready.add(queue)
    this.#schedule()
  }

  /** Records of one turn of the event loop share a request. */
  #schedule(): void {
    if (this.#isScheduled || this.#hasEnded) return
    this.#isScheduled = true
    const start = () => {
      this.#isScheduled = false
      this.#startAll()
    }
    if (this.#lingerMs > 0 && this.#bufferedBytes < requestBytes) this.#context.clock.after(this.#lingerMs, start)
    else setImmediate(start)
  }

  #startAll(): void {
    if (this.#leaders.isOutdated) this.#run(this.#leaders.refresh())
    const byLeader = new Map<number, PartitionQueue[]>()
    for (const queue of this.#ready) {
      const leader = this.#leaders.leaderOf(queue.topic, queue.partition)
      if (leader === null) this.#run(this.#findLeader(queue))
      else if (!this.#inFlight.has(leader) && !byLeader.get(leader)?.push(queue)) byLeader.set(leader, [queue])
    }
    for (const [leader, queues] of byLeader) this.#run(this.#produce(leader, queues))
  }

  /** Any error is a bug here: faults of Kafka are values. */
  #run(work: Promise<void>): void {
    work.catch((error: unknown) => {
      this.#hasEnded = true
      this.#settled.resolve()
      this.#fail(error)
    })
  }

  async #findLeader(queue: PartitionQueue): Promise<void> {
    const { topic, partition, place } = queue
    const isFound = () =>
      partition === null ? this.#leaders.countOf(topic) !== null : this.#leaders.leaderOf(topic, partition) !== null
    this.#begin(queue)
    if (!isFound()) await this.#leaders.refresh(topic)
    if (!isFound()) return this.#settleFailed(queue, this.#leaders.faultOf(topic, partition))
    queue.release()
    if (partition !== null) return this.#makeReady(queue)
    this.#faults.remove(topic, place)
    for (const record of queue.takeAll()) this.#makeReady(this.#queues.add(record))
  }

  #begin(queue: PartitionQueue, maxBytes = requestBytes): number {
    this.#ready.delete(queue)
    return queue.begin(maxBytes)
  }

  async #produce(leader: number, ready: PartitionQueue[]): Promise<void> {
    this.#inFlight.add(leader)
    const taken: PartitionQueue[] = []
    let bytes = 0
    for (const queue of ready) {
      if (bytes >= requestBytes) break
      bytes += this.#begin(queue, requestBytes - bytes)
      taken.push(queue)
    }
    const results = await this.#requests.send(leader, taken)
    this.#inFlight.delete(leader)
    for (const [queue, result] of results)
      if (result instanceof KafkaFault) this.#settleFailed(queue, result)
      else this.#settle(queue, result)
    if (this.#ready.size > 0) this.#schedule()
  }

  #settle(queue: PartitionQueue, baseOffset: number): void {
    this.#faults.remove(queue.topic, queue.place)
    for (const [index, { bytes, acknowledged }] of queue.acknowledge().entries()) {
      this.#release(bytes)
      acknowledged({ offset: baseOffset + index })
    }
    this.#makeReady(queue)
  }

  #settleFailed(queue: PartitionQueue, met: KafkaFault): void {
    const failed = queue.fail(met)
    const { topic, place } = queue
    const { clock } = this.#context
    if (failed.fault) this.#faults.add(topic, place, met, failed.failures)
    if (failed.fault && classifyFault(met) === 'forbidden') this.#rights.checkUntilAllowed()
    if (queue.isEmpty) this.#faults.remove(topic, place)
    for (const { bytes, refused } of failed.refused) {
      this.#release(bytes)
      refused(new RecordRefused(describeFault(topic, met, clock.nowMs()), failed.refusal))
    }
    this.#run(this.#retry(queue, failed))
  }

  async #retry(queue: PartitionQueue, { fault, pauseMs }: FailedTry): Promise<void> {
    if (fault) {
      await this.#context.clock.sleep(pauseMs)
      // It may not be the leader any more.
      if (this.#leaders.leaderOf(queue.topic, queue.partition) !== null) await this.#leaders.refresh()
    }
    queue.release()
    this.#makeReady(queue)
  }

  #release(bytes: number): void {
    this.#bufferedBytes -= bytes
    if (this.#bufferedBytes === 0) this.#settled.resolve()
  }
}
