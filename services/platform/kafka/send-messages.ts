import { createRequire } from 'node:module'
import type { Message, PartitionMetadata } from 'kafkajs'

const require = createRequire(import.meta.url)
const { KafkaJSMetadataNotLoaded } = require('kafkajs/src/errors.js') as {
  KafkaJSMetadataNotLoaded: new (message: string) => Error
}
const { createErrorFromCode } = require('kafkajs/src/protocol/error.js') as {
  createErrorFromCode: (code: number) => Faulty
}

/** A message, and on it what has come of it: however often sending is tried, what Kafka has is not sent again. */
export type TrackedMessage = Message & {
  /** Chosen by the partitioner at the first try, when not given. */
  partition?: number
  /** Its offset, once all in-sync replicas have it. */
  offset?: number
}

export type TrackedTopic = { topic: string; messages: TrackedMessage[] }

type PartitionData = { partition: number; messages: TrackedMessage[] }
type TopicData = { topic: string; partitions: PartitionData[] }

/** What is used of kafkajs' Cluster and Broker. */
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
  }
  partitioner: (of: { topic: string; partitionMetadata: PartitionMetadata[]; message: Message }) => number
  retrier: <T>(attempt: (bail: (error: unknown) => void, retryCount: number) => Promise<T>) => Promise<T>
  logger: { error(message: string, more: object): void }
  eosManager: { isInitialized(): boolean }
}

type Request = { acks: number; topicMessages: TrackedTopic[] }
type SendMessages = (edges: Edges) => (request: Request) => Promise<unknown>

type ProduceRequest = { acks: number; topicData: TopicData[] }
export type ProduceResponse = {
  topics: { topicName: string; partitions: { partition: number; errorCode: number; baseOffset: string }[] }[]
}

type Faulty = Partial<{ name: string; retriable: boolean; host: string; port: number }>

/**
 * kafkajs 2.2.4 (producer/sendMessages) answers for requests instead of partitions. When one partition of a request fails, as
 * while its leader changes, it sends all of them again, so that records of the others stand twice in the log. When a
 * partition moves to a broker that has already answered, it is not sent at all and called acknowledged, and so is a partition
 * that the metadata do not name: lost records. Here each partition is sent until it has been acknowledged, and only those that
 * have not: a message that has an offset is in the log, also when sending fails. Idempotent producers send as kafkajs does.
 */
export function trackingSendMessages(ofKafkajs: SendMessages): SendMessages {
  return (edges) => {
    const [track, byKafkajs] = [sendMessages(edges), ofKafkajs(edges)]
    return (request) => (edges.eosManager.isInitialized() ? byKafkajs : track)(request)
  }
}

/** Resolves when each message has its offset. @throws KafkaJSError */
function sendMessages({ cluster, partitioner, retrier, logger }: Omit<Edges, 'eosManager'>) {
  return ({ acks, topicMessages }: Request): Promise<void> =>
    retrier(async (bail, retryCount) => {
      try {
        await cluster.addMultipleTargetTopics(topicMessages.map(({ topic }) => topic))
        await cluster.refreshMetadataIfNecessary()
        const requests = requestsFor(topicMessages)
        const sent = await Promise.allSettled([...requests].map(([nodeId, topics]) => produce(nodeId, topics, acks)))
        const failures = sent.flatMap((result) =>
          result.status === 'rejected' ? [result.reason as Faulty] : result.value,
        )
        for (const { name, host, port } of failures)
          if (name === 'KafkaJSConnectionClosedError' && host !== undefined && port !== undefined)
            cluster.removeBroker({ host, port })
        if (failures.length > 0) throw failures.find(({ retriable }) => !retriable) ?? failures[0]
      } catch (error) {
        logger.error(`Failed to send messages: ${(error as Error).message}`, { retryCount })
        if (!(error as Faulty).retriable) return bail(error)
        // The leaders may have changed.
        if (!cluster.isConnected()) await cluster.connect()
        await cluster.refreshMetadata()
        throw error
      }
    })

  /** By leader, what has not been acknowledged yet. */
  function requestsFor(topicMessages: TrackedTopic[]): Map<number, TopicData[]> {
    const requests = new Map<number, TopicData[]>()
    for (const { topic, messages } of topicMessages) {
      const partitionMetadata = cluster.findTopicPartitionMetadata(topic)
      if (partitionMetadata.length === 0) throw new KafkaJSMetadataNotLoaded(`topic ${topic} is not known yet`)
      for (const data of byPartition(topic, messages, partitionMetadata)) {
        const found = partitionMetadata.find(({ partitionId }) => partitionId === data.partition)
        if (!found) throw new KafkaJSMetadataNotLoaded(`partition ${data.partition} of ${topic} is not known yet`)
        const topics = requests.get(found.leader) ?? []
        requests.set(found.leader, topics)
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
      const data = partitions.get(message.partition)
      if (data) data.messages.push(message)
      else partitions.set(message.partition, { partition: message.partition, messages: [message] })
    }
    return partitions.values()
  }

  /** @returns why partitions were not taken. @throws KafkaJSError where nothing is known of any */
  async function produce(nodeId: number, topicData: TopicData[], acks: number): Promise<Faulty[]> {
    const broker = await cluster.findBroker({ nodeId })
    const response = await broker.produce({ acks, topicData }).catch(responseOf)
    const results = new Map(
      response.topics.flatMap(({ topicName, partitions }) =>
        partitions.map((result) => [`${topicName}/${result.partition}`, result]),
      ),
    )
    const failures: Faulty[] = []
    for (const { topic, partitions } of topicData)
      for (const { partition, messages } of partitions) {
        const result = results.get(`${topic}/${partition}`)
        if (result?.errorCode === 0) noteOffsets(messages, Number(result.baseOffset))
        else failures.push(createErrorFromCode(result?.errorCode ?? unknownServerError))
      }
    return failures
  }
}

type Parser = { parse(data: ProduceResponse): Promise<ProduceResponse> }

/** kafkajs' parser of produce responses throws at the first error in one: here with the response, which says more. */
export function withResponse(parser: Parser): Parser {
  const parse = async (data: ProduceResponse) => {
    try {
      return await parser.parse(data)
    } catch (error) {
      throw Object.assign(error as Error, { response: data })
    }
  }
  return { ...parser, parse }
}

function responseOf(error: Error & { response?: ProduceResponse }): ProduceResponse {
  if (error.response) return error.response
  throw error
}

function noteOffsets(messages: TrackedMessage[], baseOffset: number): void {
  let offset = baseOffset
  for (const message of messages) message.offset = offset++
}

const unknownServerError = -1
