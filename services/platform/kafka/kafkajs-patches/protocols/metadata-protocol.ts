import { createRequire } from 'node:module'
import { isDenied, nameDenial } from '../../security/denied.ts'

const require = createRequire(import.meta.url)
const Decoder = require('kafkajs/src/protocol/decoder.js') as new (bytes: Buffer) => Decoder

/** The part of kafkajs' Decoder that we use. */
type Decoder = {
  readInt16(): number
  readInt32(): number
  readString(): string
  readBoolean(): boolean
  readArray<T>(read: (decoder: Decoder) => T): T[]
}

/** The part that we use of kafkajs' Encoder, which writes its requests. */
type Encoder = { writeBoolean(value: boolean): Encoder }
type Request = { apiVersion: number; encode(): Promise<Encoder> }
type Fields = { topics: string[]; allowAutoTopicCreation?: boolean }

export type TopicMetadata = {
  topicErrorCode: number
  topic: string
  partitionMetadata: { partitionErrorCode: number; partitionId: number; leader: number }[]
  /** One bit per operation (Kafka's AclOperation) that this client is allowed to do. */
  authorizedOperations: number
}

/** Bits of Kafka's AclOperation, and the value for operations that the broker has not reported (KIP-430). */
const bits = { Read: 1 << 3, Write: 1 << 4 }
const notReported = -2_147_483_648

/** Whether Kafka's ACLs allow this client the operation on the topic, as far as the broker says. */
export function mayDo(
  operation: keyof typeof bits,
  { authorizedOperations = notReported }: Partial<TopicMetadata>,
): boolean {
  return authorizedOperations === notReported || (authorizedOperations & bits[operation]) !== 0
}

type Metadata = { topicMetadata: TopicMetadata[] }
type Response = { decode(bytes: Buffer): Promise<Metadata>; parse(data: Metadata): Promise<Metadata> }

/** An error in a metadata response, with its topic and everything else that the response says. */
export type MetadataError = Error & { topic?: string; metadata?: Metadata }

/**
 * Metadata, version 8 (Kafka 2.3), in place of kafkajs' version 6. It also reports what this client may do with each
 * topic, so that a missing right is noticed before the first record is sent.
 */
export function metadataRequest(ofKafkajs: (fields: Fields) => Request): (fields: Fields) => Request {
  return (fields) => {
    const request = ofKafkajs(fields)
    // After the fields of version 6: no operations of the cluster, but those of the topics.
    const encode = async () => (await request.encode()).writeBoolean(false).writeBoolean(true)
    return { ...request, apiVersion: 8, encode }
  }
}

/** Names the topic in an error, which kafkajs leaves out, and attaches the metadata of the other topics. */
export function metadataResponse({ parse }: Response): Response {
  return {
    decode: async (bytes) => decode(new Decoder(bytes)),
    async parse(data) {
      try {
        return await parse(data)
      } catch (error) {
        throw named(error as MetadataError, data)
      }
    },
  }
}

function named(error: MetadataError, metadata: Metadata): MetadataError {
  const topic = metadata.topicMetadata.find(hasError)?.topic
  if (topic !== undefined && isDenied(error)) nameDenial(error, 'Describe', `${topic}, which Read and Write include`)
  else if (topic !== undefined) error.message = `topic ${topic}: ${error.message}`
  return Object.assign(error, { metadata }, topic === undefined ? {} : { topic })
}

function hasError({ topicErrorCode, partitionMetadata }: TopicMetadata): boolean {
  return topicErrorCode !== 0 || partitionMetadata.some(({ partitionErrorCode }) => partitionErrorCode !== 0)
}

function decode(decoder: Decoder) {
  const clientSideThrottleTime = decoder.readInt32()
  const brokers = decoder.readArray((broker) => ({
    nodeId: broker.readInt32(),
    host: broker.readString(),
    port: broker.readInt32(),
    rack: broker.readString(),
  }))
  const clusterId = decoder.readString()
  const controllerId = decoder.readInt32()
  const topicMetadata = decoder.readArray(decodeTopic)
  return { throttleTime: 0, clientSideThrottleTime, brokers, clusterId, controllerId, topicMetadata }
}

function decodeTopic(decoder: Decoder) {
  return {
    topicErrorCode: decoder.readInt16(),
    topic: decoder.readString(),
    isInternal: decoder.readBoolean(),
    partitionMetadata: decoder.readArray(decodePartition),
    authorizedOperations: decoder.readInt32(),
  }
}

function decodePartition(decoder: Decoder) {
  const readNode = (node: Decoder) => node.readInt32()
  return {
    partitionErrorCode: decoder.readInt16(),
    partitionId: decoder.readInt32(),
    leader: decoder.readInt32(),
    leaderEpoch: decoder.readInt32(),
    replicas: decoder.readArray(readNode),
    isr: decoder.readArray(readNode),
    offlineReplicas: decoder.readArray(readNode),
  }
}
