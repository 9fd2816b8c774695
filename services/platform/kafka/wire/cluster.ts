import { type Connection, listOffsetsV7, metadataV12, ResponseError } from '@platformatic/kafka'
import type { Logger } from '../../runtime/log.ts'
import type { BrokerAddress } from '../broker-list.ts'
import { BrokerConnection, type ClusterSecurity } from './broker-connection.ts'
import { faultOfCode, faultOfError, KafkaFault } from './kafka-fault.ts'

export type ClusterOptions = {
  clientId: string
  /** Bootstrap brokers. */
  brokers: readonly BrokerAddress[]
  security?: ClusterSecurity
  log?: Pick<Logger, 'warn'>
}

/** A partition's leader; its node id is -1 while there is none. */
export type PartitionLeader = { nodeId: number; epoch: number }

export type TopicState = {
  /** In hexadecimal digits without dashes; another id is another log of the same name. */
  id: string
  leaders: PartitionLeader[]
  /** Why the topic cannot be used. */
  fault: KafkaFault | null
}

/** What a PartitionReader asks of its cluster. */
export type ReaderCluster = Pick<Cluster, 'metadata' | 'connection' | 'describe' | 'distrust' | 'ends'>

/** What a SequencedProducer asks of it. */
export type ProducerCluster = Pick<Cluster, 'metadata' | 'connection' | 'describe' | 'distrust' | 'askAny'>

/** Requests that any broker answers at once. A request without an answer closes its connection. */
const requestTimeoutMs = 5_000
const consumerId = -1
const readUncommitted = 0
const readCommitted = 1
/** Times with a special meaning in ListOffsets. */
const ofEnd = -1n
const ofStart = -2n

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
  #isClosed = false

  constructor(options: ClusterOptions) {
    this.#options = options
  }

  /** State of each topic, from the first broker that answers. @throws KafkaFault of the last one if none does. */
  async metadata(topics: readonly string[]): Promise<Map<string, TopicState>> {
    const answer = await this.askAny((connection) =>
      metadataV12.api.async(connection, [...topics], false, false).catch(takeResponse<MetadataAnswer>),
    )
    for (const { nodeId, host, port } of answer.brokers) this.#nodes.set(nodeId, { host, port })
    return new Map(answer.topics.map((topic) => [topic.name ?? '', toState(topic)]))
  }

  /** Sends a request to any broker. @throws KafkaFault of the last one if none answers. */
  async askAny<T>(ask: (connection: Connection) => Promise<T>): Promise<T> {
    const known = [this.#preferred ?? [], ...this.#nodes.values(), ...this.#options.brokers]
      .flat()
      .toSorted((a, b) => this.#silenceOf(a) - this.#silenceOf(b))
    const addresses = new Map(known.map((address) => [describe(address), address])).values()
    let fault: unknown = new KafkaFault('connection', null, 'there are no brokers')
    for (const address of addresses) {
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

  /**
   * Offset of a partition's first record, and the one after its last.
   * @param of whether records count that belong to an open transaction, or come after one.
   */
  async ends(topic: string, partition: number, nodeId: number, of: 'committed' | 'all' = 'committed') {
    const isolation = of === 'all' ? readUncommitted : readCommitted
    const [low, high] = await Promise.all([
      this.#offsetAt(topic, partition, nodeId, ofStart, isolation),
      this.#offsetAt(topic, partition, nodeId, ofEnd, isolation),
    ])
    return { low, high }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isClosed = true
    const opened = await Promise.allSettled(this.#connections.values())
    await Promise.all(opened.map((one) => (one.status === 'fulfilled' ? one.value.close() : undefined)))
  }

  #silenceOf(address: BrokerAddress): number {
    return this.#silent.get(describe(address)) ?? 0
  }

  #noteSilence(address: BrokerAddress, { message }: KafkaFault): void {
    const broker = describe(address)
    if (!this.#silent.has(broker))
      this.#options.log?.warn({ broker, reason: message }, 'a Kafka broker does not answer')
    this.#silent.set(broker, ++this.#failures)
  }

  async #offsetAt(
    topic: string,
    partition: number,
    nodeId: number,
    timestamp: bigint,
    isolation: number,
  ): Promise<number> {
    const connection = await this.connection(nodeId, 'requests')
    const partitions = [{ partitionIndex: partition, currentLeaderEpoch: -1, timestamp }]
    const where = `topic ${topic}, partition ${partition}`
    try {
      const asked = listOffsetsV7.api.async(connection, consumerId, isolation, [{ name: topic, partitions }])
      const answer = await asked.catch(takeResponse<Awaited<typeof asked>>)
      const { errorCode = -1, offset = -1n } = answer.topics[0]?.partitions[0] ?? {}
      if (errorCode !== 0) throw faultOfCode(errorCode, where)
      return Number(offset)
    } catch (error) {
      throw faultOfError(error, where)
    }
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

/** The answer of a request of which a part failed: its errors are read from it. @throws errors that have no answer. */
export function takeResponse<T>(error: unknown): T {
  if (error instanceof ResponseError) return (error as unknown as { response: T }).response
  throw error
}

function toState({ name, topicId, errorCode, partitions }: MetadataAnswer['topics'][number]): TopicState {
  const leaders: PartitionLeader[] = []
  for (const { partitionIndex, leaderId, leaderEpoch } of partitions)
    leaders[partitionIndex] = { nodeId: leaderId, epoch: leaderEpoch }
  const fault = errorCode === 0 ? null : faultOfCode(errorCode, `topic ${name}`)
  return { id: topicId.replaceAll('-', ''), leaders, fault }
}

function describe({ host, port }: BrokerAddress): string {
  return `${host}:${port}`
}
