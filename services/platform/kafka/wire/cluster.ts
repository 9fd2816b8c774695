import { setImmediate as turnEnded } from 'node:timers/promises'
import { type Connection, metadataV12 } from '@platformatic/kafka'
import { everyShared, type Timer } from '../../runtime/clock.ts'
import type { Logger } from '../../runtime/log.ts'
import type { BrokerAddress } from '../broker-list.ts'
import { nameDenial } from '../security/denied.ts'
import { BrokerConnection, type ClusterSecurity } from './broker-connection.ts'
import { faultOfCode, faultOfError, KafkaFault, takeResponse } from './kafka-fault.ts'
import { listEnds, listOffsetsAt, type OffsetsOf, type PartitionEnds } from './list-offsets.ts'
import { NewestMetadata } from './newest-metadata.ts'

export type ClusterOptions = {
  clientId: string
  /** Bootstrap brokers. */
  brokers: readonly BrokerAddress[]
  security?: ClusterSecurity
  log?: Pick<Logger, 'warn'>
}

/** A partition's leader; its node id is -1 while there is none. */
export type PartitionLeader = { nodeId: number; epoch: number }

/** An operation of Kafka's ACLs on a topic. */
export type TopicOperation = 'Read' | 'Write'

export type TopicState = {
  /** As Kafka's tools show it, in base64url; another id is another log of the same name. */
  id: string
  leaders: PartitionLeader[]
  /** Why the topic cannot be used. */
  fault: KafkaFault | null
  /** Operations that Kafka's ACLs do not allow this client, as far as the broker says. */
  denied: readonly TopicOperation[]
}

/** The part of Cluster that a PartitionReader uses. */
export type ReaderCluster = Pick<Cluster, 'metadata' | 'everyRefresh' | 'connection' | 'describe' | 'distrust' | 'ends'>

/** The part of Cluster that a BatchingProducer uses. */
export type ProducerCluster = Pick<Cluster, 'metadata' | 'connection' | 'describe' | 'distrust' | 'askAny'>

/** How often readers read the metadata without a reason; bounds how late new partitions and recreated topics are noticed. */
const refreshMs = 4_000
/** Requests that any broker answers at once. A request without an answer closes its connection. */
const requestTimeoutMs = 5_000

/**
 * Brokers, leaders and connections of one Kafka cluster, on the connections and codecs of @platformatic/kafka. It does
 * not retry: callers decide how long they wait. Each use has connections of its own, because a broker answers the
 * requests of one connection in turn, and a long poll takes seconds.
 */
export class Cluster implements AsyncDisposable {
  readonly #options: ClusterOptions
  readonly #nodes = new Map<number, BrokerAddress>()
  readonly #connections = new Map<string, Promise<Connection>>()
  /** The broker that answered last. */
  #preferred: BrokerAddress | undefined
  /** Brokers that have not answered lately, and when they were asked last, as a count; they are asked last. */
  readonly #silent = new Map<string, number>()
  #failures = 0
  readonly newest = new NewestMetadata()
  #isClosed = false
  /** The next request for metadata: all that is asked for in the same turn of the event loop. */
  #asking: { topics: Set<string>; states: Promise<Map<string, TopicState>> } | undefined
  readonly #refreshes = new Set<() => void>()
  #refreshing: Timer | undefined

  constructor(options: ClusterOptions) {
    this.#options = options
  }

  /** State of each topic, from the first broker that answers and is not behind. @throws KafkaFault of the last one. */
  async metadata(topics: readonly string[]): Promise<Map<string, TopicState>> {
    const asked = new Set(topics)
    this.#asking ??= { topics: new Set(), states: this.#askForMetadata() }
    for (const topic of asked) this.#asking.topics.add(topic)
    const states = await this.#asking.states
    return new Map([...states].filter(([topic]) => asked.has(topic)))
  }

  /** Calls back every four seconds: all callers in the same turn of the event loop, so that metadata is asked for once. */
  everyRefresh(due: () => void): Timer {
    const refresh = () => due()
    this.#refreshes.add(refresh)
    this.#refreshing ??= everyShared(refreshMs, () => {
      for (const each of this.#refreshes) each()
    })
    return {
      cancel: () => {
        this.#refreshes.delete(refresh)
        if (this.#refreshes.size > 0) return
        this.#refreshing?.cancel()
        this.#refreshing = undefined
      },
    }
  }

  /** Sends a request to any broker. @throws KafkaFault of the last one if none answers. */
  async askAny<T>(ask: (connection: Connection) => Promise<T>): Promise<T> {
    let fault: unknown = new KafkaFault('connection', null, 'there are no brokers')
    for (const address of this.addresses()) {
      try {
        const answer = await ask(await this.#connect(address, 'requests', requestTimeoutMs))
        this.#preferred = address
        this.#silent.delete(describe(address))
        return answer
      } catch (error) {
        fault = faultOfError(error, `broker ${describe(address)}`)
        if (!(fault instanceof KafkaFault) || fault.kind !== 'connection' || this.#isClosed) throw fault
        this.#noteSilence(address, fault)
      }
    }
    throw fault
  }

  /** All known brokers: first the one that answered last, and last those that have not answered lately. */
  addresses(): BrokerAddress[] {
    const known = [this.#preferred ?? [], ...this.#nodes.values(), ...this.#options.brokers]
      .flat()
      .toSorted((a, b) => this.#silenceOf(a) - this.#silenceOf(b))
    return [...new Map(known.map((address) => [describe(address), address])).values()]
  }

  /** Names of all topics that this client may describe. @throws KafkaFault if no broker answers. */
  async topicNames(): Promise<string[]> {
    const answer = await this.askAny((connection) => metadataV12.api.async(connection, null, false, false))
    return answer.topics.map(({ name }) => name ?? '')
  }

  /** A connection to a broker of the metadata. @throws KafkaFault. */
  async connection(nodeId: number, use: string, timeoutMs = requestTimeoutMs): Promise<Connection> {
    const address = this.#nodes.get(nodeId)
    if (!address) throw new KafkaFault('leader', null, `broker ${nodeId} is not in the metadata`)
    try {
      return await this.#connect(address, use, timeoutMs)
    } catch (error) {
      throw faultOfError(error, `broker ${describe(address)}`)
    }
  }

  /** The broker has not answered in time, so others are asked first. */
  distrust(nodeId: number): void {
    const address = this.#nodes.get(nodeId)
    if (address) this.#silent.set(describe(address), ++this.#failures)
  }

  /** Name of a broker for messages. */
  describe(nodeId: number): string {
    const address = this.#nodes.get(nodeId)
    return address ? `broker ${describe(address)}` : `broker ${nodeId}`
  }

  /** The ends of a partition, or of all partitions by their number. @throws KafkaFault if one has no answer. */
  async ends(topic: string, of: OffsetsOf = 'committed', partitions?: readonly number[]): Promise<PartitionEnds[]> {
    return listEnds(this, topic, (await this.metadata([topic])).get(topic), of, partitions)
  }

  /**
   * Partition -> offset of its first record that is not older than the time (milliseconds since the epoch); if there is
   * none, the offset that its next record will get. Records' times need not ascend: older ones may follow.
   * @throws KafkaFault.
   */
  async offsetsAt(topic: string, timestampMs: number): Promise<Map<number, number>> {
    return listOffsetsAt(this, topic, (await this.metadata([topic])).get(topic), timestampMs)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isClosed = true
    const opened = await Promise.allSettled(this.#connections.values())
    await Promise.all(opened.map((one) => (one.status === 'fulfilled' ? one.value.close() : undefined)))
  }

  async #askForMetadata(): Promise<Map<string, TopicState>> {
    await turnEnded()
    const topics = [...(this.#asking?.topics ?? [])]
    this.#asking = undefined
    return this.askAny(async (connection) => {
      const answer = await metadataV12.api.async(connection, topics, false, true).catch(takeResponse<MetadataAnswer>)
      const states = new Map(answer.topics.map((topic) => [topic.name ?? '', toState(topic)]))
      const older = this.newest.take(states)
      // The broker counts as silent, so that the next one is asked.
      if (older !== null) throw new KafkaFault('connection', null, older)
      for (const { nodeId, host, port } of answer.brokers) this.#nodes.set(nodeId, { host, port })
      return states
    })
  }

  #silenceOf(address: BrokerAddress): number {
    return this.#silent.get(describe(address)) ?? 0
  }

  #noteSilence(address: BrokerAddress, { message }: KafkaFault): void {
    const broker = describe(address)
    if (!this.#silent.has(broker))
      this.#options.log?.warn({ broker, reason: message }, 'a Kafka broker does not answer, or is behind')
    this.#silent.set(broker, ++this.#failures)
  }

  #connect(address: BrokerAddress, use: string, timeoutMs: number): Promise<Connection> {
    if (this.#isClosed) throw new KafkaFault('final', null, 'the client is closed')
    const key = `${use} ${describe(address)}`
    const known = this.#connections.get(key)
    if (known) return known
    const { clientId, security } = this.#options
    const connection = new BrokerConnection(clientId, address, security, timeoutMs)
    const opening = connection.open()
    this.#connections.set(key, opening)
    const forget = () => {
      if (this.#connections.get(key) === opening) this.#connections.delete(key)
    }
    opening.catch(forget)
    connection.on('error', forget)
    connection.on('close', forget)
    return opening
  }
}

type MetadataAnswer = Awaited<ReturnType<typeof metadataV12.api.async>>

type TopicMetadata = MetadataAnswer['topics'][number]

/** Bits of Kafka's AclOperation, and the value for operations that the broker has not reported (KIP-430). */
const operationBits: Record<TopicOperation, number> = { Read: 1 << 3, Write: 1 << 4 }
const notReported = -2_147_483_648

function toState({ name, topicId, errorCode, partitions, topicAuthorizedOperations }: TopicMetadata): TopicState {
  const leaders: PartitionLeader[] = []
  for (const { partitionIndex, leaderId, leaderEpoch } of partitions)
    leaders[partitionIndex] = { nodeId: leaderId, epoch: leaderEpoch }
  const id = Buffer.from(topicId.replaceAll('-', ''), 'hex').toString('base64url')
  if (errorCode !== 0) {
    const fault = faultOfCode(errorCode, `topic ${name}`)
    return { id, leaders, fault: nameDenial(fault, 'Describe', `${name}, which Read and Write include`), denied: [] }
  }
  const isDenied = (operation: TopicOperation) =>
    topicAuthorizedOperations !== notReported && (topicAuthorizedOperations & operationBits[operation]) === 0
  return { id, leaders, fault: null, denied: (['Read', 'Write'] as const).filter(isDenied) }
}

const topicDenied = 29

/** Why a topic cannot be read or written. A missing right would otherwise show at the first request, which may be late. */
export function findFault(topic: string, { fault, denied }: TopicState, operation: TopicOperation): KafkaFault | null {
  if (fault || !denied.includes(operation)) return fault
  return nameDenial(faultOfCode(topicDenied, `topic ${topic}`), operation, topic)
}

function describe({ host, port }: BrokerAddress): string {
  return `${host}:${port}`
}
