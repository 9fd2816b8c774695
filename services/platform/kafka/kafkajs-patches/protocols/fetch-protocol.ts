import { createRequire } from 'node:module'
import { nameDenial } from '../../security/denied.ts'

const require = createRequire(import.meta.url)
const Decoder = require('kafkajs/src/protocol/decoder.js') as new (bytes: Buffer) => Decoder
const decodeMessages = require('kafkajs/src/protocol/requests/fetch/v4/decodeMessages.js') as (
  decoder: Decoder,
) => Promise<unknown[]>

/** The part of kafkajs' Decoder that we use. */
type Decoder = {
  readonly buffer: Buffer
  offset: number
  readInt16(): number
  readInt32(): number
  readInt64(): { toString(): string }
  readString(): string
  readArray<T>(read: (decoder: Decoder) => T): T[]
}

type Topic = { topic: string; partitions: { partition: number; fetchOffset: string; maxBytes: number }[] }
type Fields = {
  replicaId: number
  maxWaitTime: number
  minBytes: number
  maxBytes: number
  isolationLevel: number
  topics: Topic[]
  rackId: string
}
type Request = { encode(): Promise<unknown> }
type Response = { decode(bytes: Buffer): Promise<object>; parse(data: object): Promise<object> }

const headBytes = 29
const partitionBytes = 28

/**
 * Fetch Request, version 11, written once at its final size. kafkajs 2.2.4 allocates a cleared buffer of 512 bytes for
 * each partition and topic, and copies each into the next. No fetch session is used, as in kafkajs itself.
 */
export function fetchRequest(ofKafkajs: (fields: Fields) => Request): (fields: Fields) => Request {
  return (fields) => {
    const encode = async () => {
      const buf = encodeFetch(fields)
      return { buf, buffer: buf, size: () => buf.length }
    }
    return { ...ofKafkajs(fields), encode }
  }
}

function encodeFetch({ replicaId, maxWaitTime, minBytes, maxBytes, isolationLevel, topics, rackId }: Fields): Buffer {
  let bytes = headBytes + 6 + Buffer.byteLength(rackId)
  for (const { topic, partitions } of topics) bytes += 6 + Buffer.byteLength(topic) + partitions.length * partitionBytes
  const buf = Buffer.allocUnsafe(bytes)
  let at = buf.writeInt32BE(replicaId, 0)
  at = buf.writeInt32BE(maxWaitTime, at)
  at = buf.writeInt32BE(minBytes, at)
  at = buf.writeInt32BE(maxBytes, at)
  at = buf.writeInt8(isolationLevel, at)
  // No session: its id and epoch.
  at = buf.writeInt32BE(0, at)
  at = buf.writeInt32BE(-1, at)
  at = buf.writeInt32BE(topics.length, at)
  for (const { topic, partitions } of topics) {
    at = putString(buf, topic, at)
    at = buf.writeInt32BE(partitions.length, at)
    for (const { partition, fetchOffset, maxBytes: ofPartition } of partitions) {
      at = buf.writeInt32BE(partition, at)
      // Leader epoch, and after the offset the log's start; both are unknown.
      at = buf.writeInt32BE(-1, at)
      at = buf.writeBigInt64BE(BigInt(fetchOffset), at)
      at = buf.writeBigInt64BE(-1n, at)
      at = buf.writeInt32BE(ofPartition, at)
    }
  }
  // Nothing to remove from a session.
  at = buf.writeInt32BE(0, at)
  putString(buf, rackId, at)
  return buf
}

function putString(buf: Buffer, text: string, at: number): number {
  const start = buf.writeInt16BE(Buffer.byteLength(text), at)
  return start + buf.write(text, start)
}

/**
 * Fetch Response, version 11, without partitions that have nothing to report. kafkajs 2.2.4 passes each of them through
 * its fetcher and a worker: with 24 partitions and one record, most of the cost of a response. A response without any
 * partition counts as an empty fetch, after which kafkajs sends its heartbeat. A denial names its topic.
 */
export function fetchResponse({ parse }: Response): Response {
  return {
    decode: decodeFetch,
    parse: (data) =>
      parse(data).catch((error: Error) => {
        const { responses } = data as { responses: FetchedTopic[] }
        const faulty = responses.find(({ partitions }) => partitions.some(({ errorCode }) => errorCode !== 0))
        throw faulty ? nameDenial(error, 'Read', faulty.topicName) : error
      }),
  }
}

type FetchedTopic = { topicName: string; partitions: { errorCode: number }[] }

async function decodeFetch(bytes: Buffer): Promise<object> {
  const decoder = new Decoder(bytes)
  const clientSideThrottleTime = decoder.readInt32()
  const errorCode = decoder.readInt16()
  const sessionId = decoder.readInt32()
  const responses: object[] = []
  for (let topics = decoder.readInt32(); topics > 0; topics--) {
    const topicName = decoder.readString()
    const partitions: object[] = []
    for (let count = decoder.readInt32(); count > 0; count--) {
      if (isQuiet(decoder)) decoder.offset += quietBytes
      else partitions.push(await decodePartition(decoder))
    }
    if (partitions.length > 0) responses.push({ topicName, partitions })
  }
  // The broker has not waited; it expects the client to (KIP-219), which kafkajs does by clientSideThrottleTime.
  return { throttleTime: 0, clientSideThrottleTime, errorCode, sessionId, responses }
}

/**
 * Size of a partition without records: number, error, three offsets, aborted transactions, replica to read from, size
 * of the records.
 */
const quietBytes = 42

/** Whether a partition has no error, no aborted transactions, no other replica to read from, and no record. */
function isQuiet({ buffer, offset }: Decoder): boolean {
  return (
    buffer.readInt16BE(offset + 4) === 0 &&
    buffer.readInt32BE(offset + 30) <= 0 &&
    buffer.readInt32BE(offset + 34) === -1 &&
    buffer.readInt32BE(offset + 38) <= 0
  )
}

async function decodePartition(decoder: Decoder): Promise<object> {
  return {
    partition: decoder.readInt32(),
    errorCode: decoder.readInt16(),
    highWatermark: decoder.readInt64().toString(),
    lastStableOffset: decoder.readInt64().toString(),
    lastStartOffset: decoder.readInt64().toString(),
    abortedTransactions: decoder.readArray((of) => ({
      producerId: of.readInt64().toString(),
      firstOffset: of.readInt64().toString(),
    })),
    preferredReadReplica: decoder.readInt32(),
    messages: await decodeWholeBatches(decoder),
  }
}

/** Bytes of a batch before its length, and the length itself. */
const beforeBatchBytes = 12

/**
 * Decodes the complete batches of a partition. A full response may end within a batch; kafkajs detects that by throwing
 * an error with its stack.
 */
async function decodeWholeBatches(decoder: Decoder): Promise<unknown[]> {
  const { buffer, offset } = decoder
  const start = offset + 4
  const end = start + Math.max(0, buffer.readInt32BE(offset))
  let whole = start
  while (whole + beforeBatchBytes <= end) {
    const next = whole + beforeBatchBytes + Math.max(0, buffer.readInt32BE(whole + 8))
    if (next > end) break
    whole = next
  }
  buffer.writeInt32BE(whole - start, offset)
  const messages = await decodeMessages(decoder)
  decoder.offset = end
  return messages
}
