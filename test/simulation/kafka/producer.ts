import type { OpenProducer } from '../../../services/platform/kafka/access/kafka-access.ts'
import { choosePartition } from '../../../services/platform/kafka/partitioning/key-partition.ts'
import {
  type Acknowledged,
  type OutgoingRecord,
  type ProducerOptions,
  RecordRefused,
} from '../../../services/platform/kafka/produce/producer.ts'
import type { SimulatedProcess } from '../process.ts'
import type { SimulatedCluster } from './cluster.ts'
import type { PartitionLog } from './log.ts'

type Waiting = OutgoingRecord & {
  bytes: number
  acknowledged: (ack: Acknowledged) => void
  refused: (error: RecordRefused) => void
}

type Answer = { kind: 'offsets'; offsets: number[] } | { kind: 'too large' } | { kind: 'forbidden' }

type Queue = { log: PartitionLog; waiting: Waiting[]; sending: Waiting[]; failures: number }

const maxRecords = 50
const ownedTopics = /^webhook-(parked|health)$/

/**
 * BatchingProducer as it behaves towards a service: one request in flight for each partition, records in order, and a
 * request whose answer is lost is sent again, so that its records may be in the log twice.
 */
export class SimulatedProducer implements OpenProducer {
  readonly #process: SimulatedProcess
  readonly #cluster: SimulatedCluster
  readonly #options: ProducerOptions & { fail: (error: unknown) => void }
  readonly #queues = new Map<string, Queue>()
  readonly #forbidden = new Set<string>()
  #bufferedBytes = 0
  #empty = Promise.withResolvers<void>()

  constructor(
    process: SimulatedProcess,
    cluster: SimulatedCluster,
    options: ProducerOptions & { fail: (error: unknown) => void },
  ) {
    this.#process = process
    this.#cluster = cluster
    this.#options = options
  }

  get bufferedBytes(): number {
    return this.#bufferedBytes
  }

  takes(topics: readonly string[]): boolean {
    return !topics.some((topic) => this.#forbidden.has(topic))
  }

  send(record: OutgoingRecord): Promise<Acknowledged> {
    return new Promise((resolve, reject) => this.enqueue(record, resolve, reject))
  }

  enqueue(
    record: OutgoingRecord,
    acknowledged: (ack: Acknowledged) => void,
    refused: (error: RecordRefused) => void,
  ): void {
    const bytes = 100 + (record.key?.length ?? 0) + (record.value?.length ?? 0)
    this.#bufferedBytes += bytes
    const queue = this.#queueOf(record)
    this.#checkOwner(queue.log)
    queue.waiting.push({ ...record, bytes, acknowledged, refused })
    if (queue.waiting.length === 1) this.#schedule(queue)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    while (this.#bufferedBytes > 0) {
      this.#empty = Promise.withResolvers()
      await this.#empty.promise
    }
  }

  #queueOf({ topic, key, partition }: OutgoingRecord): Queue {
    const count = this.#cluster.partitions(topic).length
    const number =
      partition ?? (key === null ? Math.floor(this.#process.clock.random() * count) : choosePartition(key, count))
    const place = `${topic}/${number}`
    const known = this.#queues.get(place)
    if (known) return known
    const made = { log: this.#cluster.log(topic, number), waiting: [], sending: [], failures: 0 }
    this.#queues.set(place, made)
    return made
  }

  /** A dispatcher writes only of its own partition numbers, except what became of requests that were in flight. */
  #checkOwner({ topic, partition }: PartitionLog): void {
    const isOwned = this.#process.name.startsWith('dispatcher') && ownedTopics.test(topic)
    if (isOwned && !this.#cluster.ownership.has(this.#process, partition))
      this.#cluster.violation(`${this.#process.name} writes ${topic}/${partition}, which is not its own`)
  }

  #schedule(queue: Queue): void {
    const { lingerMs = 0 } = this.#options
    this.#process.after(this.#cluster.world.random() * (lingerMs + 1), () => this.#send(queue))
  }

  #send(queue: Queue): void {
    if (queue.sending.length > 0 || queue.waiting.length === 0) return
    queue.sending = queue.waiting.splice(0, queue.failures > 3 ? 1 : maxRecords)
    this.#produce(queue).catch(this.#options.fail)
  }

  async #produce(queue: Queue): Promise<void> {
    const { log, sending } = queue
    for (;;) {
      const sentMs = this.#process.clock.nowMs()
      const asked = this.#cluster.ask<Answer>(
        this.#process,
        () => log.leader,
        (reply) => reply(this.#append(log, sending, sentMs)),
      )
      const answer = await asked.catch(() => null)
      if (answer !== null && this.#settle(queue, answer)) break
      queue.failures++
      await this.#process.clock.sleep(this.#cluster.world.between(100, 1_500))
    }
    queue.failures = 0
    this.#send(queue)
    if (this.#bufferedBytes === 0) this.#empty.resolve()
  }

  /** The leader's part of a request. */
  #append(log: PartitionLog, records: readonly Waiting[], sentMs: number): Answer {
    const { forbidden, maxRecordBytes, world } = this.#cluster
    if (forbidden.has(log.topic)) return { kind: 'forbidden' }
    if (records.some(({ value }) => (value?.length ?? 0) > maxRecordBytes)) return { kind: 'too large' }
    const { name } = this.#process
    // The owner of a partition number of webhook-deliveries has it of all its topics.
    const isOfOwner = this.#cluster.group('dispatcher').ownerOf('webhook-deliveries', log.partition) === name
    const offsets = records.map(({ key, value, headers = {} }) =>
      log.append({
        key: key === null ? null : Buffer.from(key),
        value: value === null ? null : Buffer.from(value),
        headers: Object.fromEntries(Object.entries(headers).map(([name, text]) => [name, Buffer.from(text)])),
        timestampMs: sentMs,
        appendedMs: world.nowMs,
        isOfOwner,
      }),
    )
    world.trace(`append ${log.topic}/${log.partition} ${offsets[0]}+${offsets.length} by ${name}`)
    return { kind: 'offsets', offsets }
  }

  /** @returns whether the request is done with; otherwise what is left of it is sent again. */
  #settle(queue: Queue, answer: Answer): boolean {
    const { topic } = queue.log
    switch (answer.kind) {
      case 'offsets': {
        this.#forbidden.delete(topic)
        const { sending } = queue
        queue.sending = []
        for (const [index, waiting] of sending.entries()) {
          this.#bufferedBytes -= waiting.bytes
          waiting.acknowledged({ offset: answer.offsets[index] as number })
        }
        return true
      }
      case 'forbidden': {
        this.#forbidden.add(topic)
        this.#refuse(queue, ({ whileForbidden }) => whileForbidden === 'refuse', 'forbidden')
        return queue.sending.length === 0
      }
      case 'too large': {
        const { maxRecordBytes } = this.#cluster
        this.#refuse(queue, ({ value, isLast }) => !isLast && (value?.length ?? 0) > maxRecordBytes, 'too-large')
        return queue.sending.length === 0
      }
    }
  }

  #refuse(queue: Queue, isRefused: (waiting: Waiting) => boolean, kind: 'forbidden' | 'too-large'): void {
    const refused = queue.sending.filter(isRefused)
    const left = queue.sending.filter((waiting) => !isRefused(waiting))
    queue.sending.splice(0, queue.sending.length, ...left)
    for (const waiting of refused) {
      this.#bufferedBytes -= waiting.bytes
      waiting.refused(new RecordRefused(`${queue.log.topic}: ${kind}`, kind))
    }
  }
}
