import { createRequire } from 'node:module'
import type { Message, PartitionMetadata } from 'kafkajs'
import { type MetadataError, mayDo, type TopicMetadata } from './protocols/metadata-protocol.ts'
import {
  faultFromCode,
  noteResults,
  type PartitionData,
  type ProduceResponse,
  type TopicData,
  takeResponse,
} from './protocols/produce-response.ts'

const require = createRequire(import.meta.url)
const { KafkaJSMetadataNotLoaded } = require('kafkajs/src/errors.js') as {
  KafkaJSMetadataNotLoaded: new (message: string) => Error
}

/**
 * A message with the result of sending it. However often sending is tried, a message that Kafka has is not sent again.
 */
export type TrackedMessage = Message & {
  /** Chosen by the partitioner at the first try if not given. */
  partition?: number
  /** The message's offset, once all in-sync replicas have it. */
  offset?: number
  /** Why it has no offset after the latest try. */
  fault?: SendFault
  /** Set by the partitioner while earlier records of its partition wait: the message is not sent this time. */
  waits?: boolean
}

/** Why Kafka has not accepted a record. type is Kafka's name of the error, if it is one of Kafka's. */
export type SendFault = Error & { type?: string; code?: number; retriable?: boolean }

/** Result of a request without messages: for each topic null if this client may write it, or the reason why not. */
export type WriteRights = Map<string, SendFault | null>

export type TrackedTopic = { topic: string; messages: TrackedMessage[] }

/** The part of kafkajs' Cluster and Broker that we use. */
type Edges = {
  cluster: {
    isConnected(): boolean
    connect(): Promise<void>
    addMultipleTargetTopics(topics: string[]): Promise<void>
    refreshMetadata(): Promise<void>
    refreshMetadataIfNecessary(): Promise<void>
    removeBroker(address: { host: string; port: number }): void
    findTopicPartitionMetadata(topic: string): PartitionMetadata[]
    findBroker(of: { nodeId: number }): Promise<{ produce(request: ProduceRequest): Promise<ProduceResponse> }>
    brokerPool?: BrokerPool
  }
  partitioner: (of: { topic: string; partitionMetadata: PartitionMetadata[]; message: Message }) => number
  retrier: <T>(attempt: (bail: (error: unknown) => void, retryCount: number) => Promise<T>) => Promise<T>
  logger: { error(message: string, more: object): void }
  eosManager: { isInitialized(): boolean }
}

type BrokerPool = {
  metadata?: { topicMetadata: TopicMetadata[] }
  findConnectedBroker(): Promise<{ metadata(topics: string[]): Promise<unknown> }>
}

type Request = { acks: number; topicMessages: TrackedTopic[] }
type SendMessages = (edges: Edges) => (request: Request) => Promise<unknown>

type ProduceRequest = { acks: number; topicData: TopicData[] }

type Faulty = SendFault & Partial<{ host: string; port: number }>

/** How often the metadata is read again while a broker does not answer. */
const watchMs = 2_000

/**
 * Tracks results by partition. kafkajs 2.2.4 (producer/sendMessages) tracks requests instead. When one partition of a
 * request fails, for example while its leader changes, it sends all of them again, so records of the others appear
 * twice in the log. When a partition moves to a broker that has already answered, it is not sent at all but reported as
 * acknowledged, and so is a partition missing in the metadata: lost records.
 * Here each partition is sent until it is acknowledged, and only partitions that are not. A message with an offset is
 * in the log even if sending fails, and one without an offset has a fault. A topic that is unknown or forbidden, or a
 * partition without a leader, fails alone. Idempotent producers send as kafkajs does.
 */
export function trackingSendMessages(ofKafkajs: SendMessages): SendMessages {
  return (edges) => {
    const [track, byKafkajs] = [sendMessages(edges), ofKafkajs(edges)]
    return (request) => (edges.eosManager.isInitialized() ? byKafkajs : track)(request)
  }
}

/**
 * Resolves once each message has its offset; for a request without messages, with the write rights. @throws SendFault.
 */
function sendMessages({ cluster, partitioner, retrier, logger }: Omit<Edges, 'eosManager'>) {
  takeAnswersWithErrors(cluster.brokerPool)
  let isOutdated = false

  return ({ acks, topicMessages }: Request): Promise<WriteRights> =>
    retrier(async (bail, retryCount) => {
      const unsent = topicMessages.flatMap(({ messages }) => messages.filter(({ offset }) => offset === undefined))
      for (const message of unsent) delete message.fault
      try {
        await readMetadata(topicMessages.map(({ topic }) => topic))
        if (unsent.length === 0) return writeRights(topicMessages.map(({ topic }) => topic))
        await produceAll(requestsFor(topicMessages), acks)
        const faults = unsent.flatMap(({ fault }) => fault ?? [])
        if (faults.length > 0) throw faults.find(({ retriable }) => !retriable) ?? faults[0]
        return new Map()
      } catch (error) {
        isOutdated = true
        for (const message of unsent)
          if (message.offset === undefined && !message.waits) message.fault ??= error as Faulty
        logger.error(`Failed to send messages: ${(error as Error).message}`, { retryCount })
        if ((error as Faulty).retriable) throw error
        bail(error)
        return new Map()
      }
    })

  /** Refreshes the metadata if the last try failed, since leaders may have changed. */
  async function readMetadata(topics: string[]): Promise<void> {
    if (!cluster.isConnected()) await cluster.connect()
    await cluster.addMultipleTargetTopics(topics)
    if (isOutdated) await cluster.refreshMetadata()
    else await cluster.refreshMetadataIfNecessary()
    isOutdated = false
  }

  function metadataOf(topic: string): TopicMetadata | undefined {
    return cluster.brokerPool?.metadata?.topicMetadata.find((known) => known.topic === topic)
  }

  async function writeRights(topics: string[]): Promise<WriteRights> {
    await cluster.refreshMetadata()
    return new Map(topics.map((topic) => [topic, faultOf(topic)]))
  }

  /** Why a topic cannot be written, according to the metadata. */
  function faultOf(topic: string): Faulty | null {
    const metadata: Partial<TopicMetadata> = metadataOf(topic) ?? {}
    const { topicErrorCode = 0 } = metadata
    if (topicErrorCode !== 0) return faultFromCode(topicErrorCode)
    return mayDo('Write', metadata) ? null : faultFromCode(topicForbidden)
  }

  /**
   * Sends all requests, and reads the metadata again while answers are late: once Kafka has found new leaders because a
   * broker hangs, kafkajs closes the connection to it, and its requests fail.
   */
  async function produceAll(requests: Map<number, TopicData[]>, acks: number): Promise<void> {
    const late = setInterval(() => cluster.refreshMetadata().catch(() => undefined), watchMs)
    try {
      await Promise.all([...requests].map(([nodeId, topics]) => produce(nodeId, topics, acks)))
    } finally {
      clearInterval(late)
    }
  }

  /** Groups unacknowledged messages by leader; sets the fault of messages that cannot be sent. */
  function requestsFor(topicMessages: TrackedTopic[]): Map<number, TopicData[]> {
    const requests = new Map<number, TopicData[]>()
    for (const { topic, messages } of topicMessages) {
      const errorCode = metadataOf(topic)?.topicErrorCode ?? 0
      const partitionMetadata = cluster.findTopicPartitionMetadata(topic)
      if (errorCode !== 0 || partitionMetadata.length === 0) {
        const fault = errorCode === 0 ? notLoaded(`topic ${topic} is not known yet`) : faultFromCode(errorCode)
        for (const message of messages) if (message.offset === undefined) message.fault = fault
        continue
      }
      for (const data of byPartition(topic, messages, partitionMetadata)) {
        const leader = partitionMetadata.find(({ partitionId }) => partitionId === data.partition)?.leader
        if (leader === undefined || leader < 0) {
          const what = leader === undefined ? 'is not known yet' : 'has no leader'
          for (const message of data.messages)
            message.fault = notLoaded(`partition ${data.partition} of ${topic} ${what}`)
          continue
        }
        const topics = requests.get(leader) ?? []
        requests.set(leader, topics)
        const last = topics.at(-1)
        if (last?.topic === topic) last.partitions.push(data)
        else topics.push({ topic, partitions: [data] })
      }
    }
    return requests
  }

  function byPartition(topic: string, messages: TrackedMessage[], partitionMetadata: PartitionMetadata[]) {
    const partitions = new Map<number, PartitionData>()
    for (const message of messages) {
      if (message.offset !== undefined) continue
      message.partition ??= partitioner({ topic, partitionMetadata, message })
      if (message.waits) continue
      const data = partitions.get(message.partition)
      if (data) data.messages.push(message)
      else partitions.set(message.partition, { partition: message.partition, messages: [message] })
    }
    return partitions.values()
  }

  /** Sets each message's offset or fault. */
  async function produce(nodeId: number, topicData: TopicData[], acks: number): Promise<void> {
    const all = topicData.flatMap(({ partitions }) => partitions.flatMap(({ messages }) => messages))
    try {
      const broker = await cluster.findBroker({ nodeId })
      const response = await broker.produce({ acks, topicData }).catch(takeResponse)
      noteResults(topicData, response)
    } catch (error) {
      const fault = error as Faulty
      const { host, port } = fault
      if (fault.name === 'KafkaJSConnectionClosedError' && host !== undefined && port !== undefined)
        cluster.removeBroker({ host, port })
      for (const message of all) message.fault = fault
    }
  }
}

/** Keeps metadata responses that contain errors. kafkajs discards a whole response for one topic's error. */
function takeAnswersWithErrors(pool: BrokerPool | undefined): void {
  if (!pool) return
  const find = pool.findConnectedBroker.bind(pool)
  const tolerated = (error: MetadataError) => {
    if (error.metadata) return error.metadata
    throw error
  }
  pool.findConnectedBroker = async () => {
    const broker = await find()
    return { metadata: (topics) => broker.metadata(topics).catch(tolerated) }
  }
}

function notLoaded(message: string): Faulty {
  return new KafkaJSMetadataNotLoaded(message)
}

const topicForbidden = 29
