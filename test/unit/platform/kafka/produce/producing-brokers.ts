import { type Connection, NetworkError } from '@platformatic/kafka'
import { pino } from 'pino'
import { vi } from 'vitest'
import { BatchingProducer } from '../../../../../services/platform/kafka/produce/producer.ts'
import type { ProducerCluster, TopicState } from '../../../../../services/platform/kafka/wire/cluster.ts'
import { faultOfCode } from '../../../../../services/platform/kafka/wire/kafka-fault.ts'
import type {
  BatchResult,
  SendProduce,
  SequencedBatch,
} from '../../../../../services/platform/kafka/wire/produce-protocol.ts'
import { systemClock } from '../../../../../services/platform/runtime/clock.ts'
import { Readiness } from '../../../../../services/platform/runtime/readiness/readiness.ts'

export const errors = {
  outOfOrder: 45,
  invalidEpoch: 47,
  notLeader: 6,
  tooLarge: 10,
  forbidden: 29,
  clusterForbidden: 31,
  invalidTimestamp: 32,
} as const

/**
 * Fate of a lost request: it is not received; it is handled, but its answer is lost; or it is handled, and its answer
 * never comes.
 */
type Loss = 'request' | 'answer' | 'hanging answer'
type Latest = { epoch: number; sequence: number; count: number; baseOffset: number }
type Ask = (connection: Connection) => Promise<unknown>

/**
 * Brokers that know the sequence numbers of producers as Kafka does: the broker's ProducerStateManager, for one batch in
 * flight.
 */
export class ProducingBrokers implements ProducerCluster {
  /** Values in each partition. */
  readonly logs = new Map<string, string[]>()
  /** Partitions of each request, by node. */
  readonly requests: string[][] = []
  readonly batches: SequencedBatch[] = []
  /** Losses of the next requests, in turn. */
  losses: (Loss | null)[] = []
  /** Number of partitions of each topic. */
  topics: Record<string, number> = { t: 3, other: 1 }
  leaderOf: (topic: string, partition: number) => number = () => 1
  /** Error code for a topic in the metadata. */
  topicError: (topic: string) => number = () => 0
  /** Error code for a record, with which its batch is refused. */
  refusal: (topic: string, value: string) => number = () => 0
  mayWrite: (topic: string) => boolean = () => true
  /** Error code for the producer id. */
  identityError = 0
  #identities = 0
  readonly #latest = new Map<string, Latest>()
  /** Promise that the pauses of failed tries wait for. */
  pause: Promise<void> | null = null
  isPausing = false
  /** Turns in which the metadata are not answered. */
  silentTurns = 0

  valuesOf(topic: string, partition = 0): string[] {
    return this.logs.get(`${topic}/${partition}`) ?? []
  }

  /** The state of producers goes, as with retention or a broker that has lost it. @param latest what is known instead. */
  forget(latest?: Latest): void {
    for (const key of this.#latest.keys())
      if (latest) this.#latest.set(key, latest)
      else this.#latest.delete(key)
  }

  async metadata(topics: readonly string[]): Promise<Map<string, TopicState>> {
    if (this.silentTurns-- > 0) throw new NetworkError('no broker answers')
    return new Map(
      topics.map((topic) => {
        const known = this.topics[topic]
        const code = known === undefined ? 3 : this.topicError(topic)
        const leaders = Array.from({ length: code === 0 ? (known ?? 0) : 0 }, (_unused, partition) => ({
          nodeId: this.leaderOf(topic, partition),
          epoch: 0,
        }))
        return [
          topic,
          {
            id: topic,
            leaders,
            fault: code === 0 ? null : faultOfCode(code, topic),
            denied: this.mayWrite(topic) ? [] : ['Write'],
          },
        ]
      }),
    )
  }

  /** True while an answer is late. */
  isLate = false

  async connection(nodeId: number): Promise<Connection> {
    const { promise: closed, resolve: close } = Promise.withResolvers<void>()
    return { nodeId, closed, close } as unknown as Connection
  }

  describe = (nodeId: number) => `broker ${nodeId}`
  distrust = () => {}

  /** Answers for a new producer id. */
  async askAny<T>(ask: (connection: Connection) => Promise<T>): Promise<T> {
    const send = (...given: unknown[]) => {
      const done = given.at(-1) as (error: Error | null, answer: object) => void
      done(null, this.#newIdentity())
    }
    return (await (ask as Ask)({ send } as unknown as Connection)) as T
  }

  send: SendProduce = async (connection, batches) => {
    const { nodeId, closed } = connection as unknown as { nodeId: number; closed: Promise<void> }
    const loss = this.losses.shift() ?? null
    if (loss === 'request') throw new NetworkError('Connection closed')
    this.requests.push(batches.map(({ topic, partition }) => `${topic}/${partition}`))
    this.batches.push(...batches)
    const results = batches.map((batch) => this.#write(nodeId, batch))
    await new Promise((resolve) => setImmediate(resolve))
    if (loss === null) return results
    if (loss === 'hanging answer') {
      this.isLate = true
      await closed
      this.isLate = false
    }
    throw new NetworkError('Connection closed')
  }

  #newIdentity(): object {
    return { errorCode: this.identityError, producerId: BigInt(++this.#identities), producerEpoch: 0 }
  }

  #write(nodeId: number, { topic, partition, identity, sequence, records }: SequencedBatch): BatchResult {
    const key = `${identity.id} ${topic}/${partition}`
    const result = (errorCode: number, baseOffset = -1) => ({ topic, partition, errorCode, baseOffset })
    if (this.leaderOf(topic, partition) !== nodeId) return result(errors.notLeader)
    if (!this.mayWrite(topic)) return result(errors.forbidden)
    const values = records.map(({ value }) => String(value))
    const refusal = values.map((value) => this.refusal(topic, value)).find((code) => code !== 0)
    if (refusal !== undefined) return result(refusal)
    const { epoch } = identity
    const latest = this.#latest.get(key)
    if (latest && epoch < latest.epoch) return result(errors.invalidEpoch)
    const isSameEpoch = latest?.epoch === epoch
    if (latest && isSameEpoch && latest.sequence === sequence && latest.count === records.length)
      return result(0, latest.baseOffset)
    const expected = isSameEpoch ? (latest.sequence + latest.count) % 2 ** 31 : 0
    if (latest && sequence !== expected) return result(errors.outOfOrder)
    const log = this.valuesOf(topic, partition)
    this.logs.set(`${topic}/${partition}`, log)
    const baseOffset = log.length
    log.push(...values)
    this.#latest.set(key, { epoch, sequence, count: records.length, baseOffset })
    return result(0, baseOffset)
  }
}

/** A producer whose pauses are over at once. */
export async function openProducerOf(brokers: ProducingBrokers, topics: string[] = [], stopping?: AbortSignal) {
  const fail = vi.fn()
  let nowMs = 0
  const sleep = async (ms: number, signal?: AbortSignal) => {
    await new Promise((resolve) => setImmediate(resolve))
    if (signal === undefined && brokers.pause) {
      brokers.isPausing = true
      await brokers.pause
    }
    const isWatch = ms === watchedMs && signal !== undefined
    while (isWatch && !signal.aborted && !brokers.isLate) await new Promise((resolve) => setImmediate(resolve))
    nowMs += ms
  }
  const clock = { ...systemClock, nowMs: () => nowMs, monotonicMs: () => nowMs, random: () => 0, sleep }
  const readiness = new Readiness()
  const context = { log: pino({ level: 'silent' }), clock, readiness, ...(stopping && { stopping }) }
  const options = { topics, send: brokers.send }
  const producer = await BatchingProducer.open({ cluster: brokers }, context, fail, options)
  return { producer, fail, readiness }
}

/** Time after which a request counts as late (produce-requests.ts). */
const watchedMs = 2_000
