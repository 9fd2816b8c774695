import { type Connection, type Reader, Writer } from '@platformatic/kafka'
import type { AbortedTransaction } from './aborted-transactions.ts'
import { Cursor, maxVarintBytes } from './cursor.ts'
import { type ReadRecords, type RecordsSource, readRecords } from './record-batches.ts'

/** Position from which a partition is read on. */
export type FetchPosition = {
  /** As positionKey makes it. */
  key: string
  /** In base64url. */
  topicId: string
  partition: number
  offset: number
  /** Leader epoch of the metadata; a broker whose own is another one refuses. */
  leaderEpoch: number
  maxBytes: number
}

export function positionKey(topicId: string, partition: number): string {
  return `${topicId}/${partition}`
}

export type FetchRequest = {
  maxWaitMs: number
  minBytes: number
  maxBytes: number
  sessionId: number
  sessionEpoch: number
  positions: readonly FetchPosition[]
  forgotten: readonly Pick<FetchPosition, 'topicId' | 'partition'>[]
}

export type PartitionAnswer = {
  topicId: string
  partition: number
  errorCode: number
  /** Offset that the partition's next record will get. */
  highWatermark: number
  /** Offset of the partition's first record. */
  logStartOffset: number
  /** Decodes the records, which may throw UnreadableBatch. */
  read(source: Omit<RecordsSource, 'aborted'>): ReadRecords
  bytes: number
}

export type FetchAnswer = { errorCode: number; sessionId: number; partitions: PartitionAnswer[] }

/** Sends one Fetch request. @throws errors of the connection. */
export type SendFetch = (connection: Connection, request: FetchRequest) => Promise<FetchAnswer>

const fetchKey = 1
/** Consumers' requests of versions 15 to 17 are the same: topic ids, sessions, no replica id. Kafka 3.5 has 15. */
const fetchVersion = 15
/** Only committed records. */
const readCommitted = 1
const idBytes = 16
const positionBytes = 33
/** Upper limits of parts of an answer. */
const answerHeadBytes = 10 + maxVarintBytes
const partitionHeadBytes = 30 + maxVarintBytes
const abortedBytes = 16

/**
 * Fetch with a request written once at its final size, and an answer that is decoded where it lies. The client's own
 * codec (test/bench/kafka-layer/client-fetch.ts) makes a buffer for each number, and an object with 64-bit integers for
 * each record.
 */
export const sendFetch: SendFetch = (connection, request) =>
  new Promise((resolve, reject) => {
    const payload = () => Writer.create().append(encodeFetch(request))
    connection.send(fetchKey, fetchVersion, payload, parseAnswer, true, true, (error, answer) => {
      if (error) reject(error)
      else resolve(answer as FetchAnswer)
    })
  })

function encodeFetch({ maxWaitMs, minBytes, maxBytes, sessionId, sessionEpoch, positions, forgotten }: FetchRequest) {
  const topics = Map.groupBy(positions, ({ topicId }) => topicId)
  const forgottenTopics = Map.groupBy(forgotten, ({ topicId }) => topicId)
  const ofTopic = idBytes + 2 * maxVarintBytes
  const bytes =
    64 +
    topics.size * ofTopic +
    positions.length * positionBytes +
    forgottenTopics.size * ofTopic +
    forgotten.length * 4
  const buf = Buffer.allocUnsafe(bytes)
  let at = buf.writeInt32BE(maxWaitMs, 0)
  at = buf.writeInt32BE(minBytes, at)
  at = buf.writeInt32BE(maxBytes, at)
  at = buf.writeInt8(readCommitted, at)
  at = buf.writeInt32BE(sessionId, at)
  at = buf.writeInt32BE(sessionEpoch, at)
  at = putCount(buf, topics.size, at)
  for (const [topicId, ofThis] of topics) {
    at += buf.write(topicId, at, 'base64url')
    at = putCount(buf, ofThis.length, at)
    for (const position of ofThis) at = putPosition(buf, position, at)
    at = buf.writeInt8(0, at)
  }
  at = putCount(buf, forgottenTopics.size, at)
  for (const [topicId, ofThis] of forgottenTopics) {
    at += buf.write(topicId, at, 'base64url')
    at = putCount(buf, ofThis.length, at)
    for (const { partition } of ofThis) at = buf.writeInt32BE(partition, at)
    at = buf.writeInt8(0, at)
  }
  // An empty rack, and no tags.
  at = putCount(buf, 0, at)
  at = buf.writeInt8(0, at)
  return buf.subarray(0, at)
}

function putPosition(buf: Buffer, { partition, leaderEpoch, offset, maxBytes }: FetchPosition, start: number): number {
  let at = buf.writeInt32BE(partition, start)
  at = buf.writeInt32BE(leaderEpoch, at)
  at = buf.writeBigInt64BE(BigInt(offset), at)
  // Followers' fields: the epoch of the last record, and the log's start.
  at = buf.writeInt32BE(-1, at)
  at = buf.writeBigInt64BE(-1n, at)
  at = buf.writeInt32BE(maxBytes, at)
  return buf.writeInt8(0, at)
}

/** The number of entries of a compact array, or of bytes of a compact string. */
function putCount(buf: Buffer, count: number, start: number): number {
  let rest = count + 1
  let at = start
  for (; rest > 0x7f; rest >>>= 7) buf[at++] = (rest & 0x7f) | 0x80
  buf[at++] = rest
  return at
}

export function parseAnswer(_correlationId: number, _key: number, _version: number, reader: Reader): FetchAnswer {
  const cursor = new Cursor(reader.buffer.buffers, reader.position)
  cursor.need(answerHeadBytes)
  // How long the broker has made the client wait (KIP-219); it mutes the connection itself for that time.
  cursor.int32()
  const errorCode = cursor.int16()
  const sessionId = cursor.int32()
  const partitions: PartitionAnswer[] = []
  for (let topics = cursor.unsignedVarint(); topics > 1; topics--) {
    cursor.need(idBytes + maxVarintBytes)
    const topicId = cursor.id()
    for (let count = cursor.unsignedVarint(); count > 1; count--) partitions.push(parsePartition(cursor, topicId))
    cursor.skipTags()
  }
  return { errorCode, sessionId, partitions }
}

function parsePartition(cursor: Cursor, topicId: string): PartitionAnswer {
  cursor.need(partitionHeadBytes)
  const partition = cursor.int32()
  const errorCode = cursor.int16()
  const highWatermark = cursor.int64()
  // The last stable offset: what a reader of committed records gets ends there.
  cursor.int64()
  const logStartOffset = cursor.int64()
  const aborted: AbortedTransaction[] = []
  for (let count = cursor.unsignedVarint(); count > 1; count--) {
    cursor.need(abortedBytes)
    aborted.push({ producerId: cursor.int64(), firstOffset: cursor.int64() })
    cursor.skipTags()
  }
  cursor.need(4 + maxVarintBytes)
  // A replica to read from instead, which a client without a rack never gets.
  cursor.int32()
  const bytes = Math.max(0, cursor.unsignedVarint() - 1)
  const start = cursor.position
  cursor.position = start + bytes
  cursor.skipTags()
  const read = (source: Omit<RecordsSource, 'aborted'>) =>
    readRecords(cursor.fork(start), start + bytes, { ...source, aborted })
  return { topicId, partition, errorCode, highWatermark, logStartOffset, read, bytes }
}
