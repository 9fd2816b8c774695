import { createRequire } from 'node:module'

const require = createRequire(import.meta.url)
const Encoder = require('kafkajs/src/protocol/encoder.js') as new () => Encoder
const Decoder = require('kafkajs/src/protocol/decoder.js') as new (bytes: Buffer) => Decoder

/** The part of kafkajs' Encoder that we use: the compact types of KIP-482, whose lengths are varints. */
type Encoder = {
  writeUVarInt(value: number): Encoder
  writeUVarIntString(value: string): Encoder
  writeBoolean(value: boolean): Encoder
  writeBufferInternal(bytes: Buffer): void
}

type Decoder = {
  readInt16(): number
  readInt32(): number
  readBoolean(): boolean
  readBytes(length: number): Buffer
  readUVarIntString(): string | null
  readUVarIntArray<T>(read: (decoder: Decoder) => T): T[] | null
  readUVarInt(): number
  forward(bytes: number): void
}

type MetadataFields = { topics: string[]; allowAutoTopicCreation: boolean }
type Definitions = { versions: string[]; protocol: (of: { version: number }) => (asked: MetadataFields) => Call }
type Call = { request: object; response: { parse: unknown; decode: unknown } }

/** First version with topic ids (KIP-516, Kafka 2.8). */
const withTopicIds = 10
/** The newest version of kafkajs, in place of which version 8 is sent. */
const newestOfKafkajs = 6
const idBytes = 16
const noId = Buffer.alloc(idBytes)

/**
 * Metadata, version 10, for brokers that support it: version 8 (metadata-protocol.ts) plus the id of each topic. A
 * topic that is deleted and recreated has another id. The id is stored with each partition, because kafkajs' admin
 * client only passes those on.
 */
export function metadataWithTopicIds(ofKafkajs: Definitions): Definitions {
  return {
    versions: [...ofKafkajs.versions, String(withTopicIds)],
    protocol: ({ version }) => {
      const known = ofKafkajs.protocol({ version: Math.min(version, newestOfKafkajs) })
      if (version < withTopicIds) return known
      return (asked) => {
        const { request, response } = known(asked)
        const encode = async () => encodeRequest(asked)
        return {
          request: { ...request, apiVersion: withTopicIds, encode },
          response: { parse: response.parse, decode: decodeResponse },
        }
      }
    },
  }
}

function encodeRequest({ topics, allowAutoTopicCreation = true }: MetadataFields): Encoder {
  // No tags in the request's header.
  const encoder = new Encoder().writeUVarInt(0)
  // An empty list requests all topics.
  encoder.writeUVarInt(topics.length === 0 ? 0 : topics.length + 1)
  for (const topic of topics) {
    encoder.writeBufferInternal(noId)
    encoder.writeUVarIntString(topic).writeUVarInt(0)
  }
  // No operations of the cluster, but those of the topics.
  return encoder.writeBoolean(allowAutoTopicCreation).writeBoolean(false).writeBoolean(true).writeUVarInt(0)
}

async function decodeResponse(bytes: Buffer): Promise<object> {
  const decoder = new Decoder(bytes)
  passTags(decoder)
  const clientSideThrottleTime = decoder.readInt32()
  const brokers = decoder.readUVarIntArray((of) =>
    tagged(of, {
      nodeId: of.readInt32(),
      host: of.readUVarIntString(),
      port: of.readInt32(),
      rack: of.readUVarIntString(),
    }),
  )
  const clusterId = decoder.readUVarIntString()
  const controllerId = decoder.readInt32()
  const topicMetadata = decoder.readUVarIntArray(readTopic)
  return { throttleTime: 0, clientSideThrottleTime, brokers, clusterId, controllerId, topicMetadata }
}

function readTopic(of: Decoder): object {
  const topicErrorCode = of.readInt16()
  const topic = of.readUVarIntString()
  const id = of.readBytes(idBytes)
  const topicId = id.equals(noId) ? null : id.toString('base64url')
  const isInternal = of.readBoolean()
  const partitionMetadata = of.readUVarIntArray((each) => readPartition(each, topicId))
  const authorizedOperations = of.readInt32()
  return tagged(of, { topicErrorCode, topic, topicId, isInternal, partitionMetadata, authorizedOperations })
}

function readPartition(of: Decoder, topicId: string | null): object {
  const numbers = () => of.readUVarIntArray((each) => each.readInt32())
  return tagged(of, {
    topicId,
    partitionErrorCode: of.readInt16(),
    partitionId: of.readInt32(),
    leader: of.readInt32(),
    leaderEpoch: of.readInt32(),
    replicas: numbers(),
    isr: numbers(),
    offlineReplicas: numbers(),
  })
}

function tagged<T>(decoder: Decoder, value: T): T {
  passTags(decoder)
  return value
}

/** Skips tags. kafkajs reads a tag's length as that of a compact string, which is one more. */
function passTags(decoder: Decoder): void {
  for (let count = decoder.readUVarInt(); count > 0; count--) {
    decoder.readUVarInt()
    decoder.forward(decoder.readUVarInt())
  }
}
