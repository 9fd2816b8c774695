import { createRequire } from 'node:module'
import type { Message } from 'kafkajs'
import { systemClock } from '../../../runtime/clock.ts'
import { putBytes, putNumber, sizeOf, sizeOfBytes } from '../../record-fields.ts'

const require = createRequire(import.meta.url)
const crc32C = require('kafkajs/src/protocol/recordBatch/crc32C/index.js') as (bytes: Buffer) => number

type PartitionData = { partition: number; messages: Message[] }
type Fields = {
  acks: number
  timeout: number
  compression?: number
  transactionalId?: string | null
  producerId?: unknown
  topicData: { topic: string; partitions: PartitionData[] }[]
}
/** The interface of kafkajs' Encoder that its callers use. */
type Encoded = { buf: Buffer; buffer: Buffer; size(): number }
type Request = { apiKey: number; apiVersion: number; encode(): Promise<Encoded> }
type Call = { correlationId: number; clientId: string; request: Request }

/**
 * Writes a produce request once, at its final size. kafkajs 2.2.4 (protocol/requests/produce/v3) creates a buffer for
 * each record, batch, partition, topic and request, each cleared, grown by doubling and copied into the next: eight
 * copies. Rare requests are left to kafkajs: producers with an id, compression, headers, messages with timestamps.
 */
export function writtenOnce(ofKafkajs: (fields: Fields) => Request): (fields: Fields) => Request {
  return (fields) => {
    const request = ofKafkajs(fields)
    return isPlain(fields) ? { ...request, encode: async () => encoded(encodeProduce(fields)) } : request
  }
}

/** Replaces protocol/request of kafkajs, with one copy of the request instead of two. */
export function encodeCall(_ofKafkajs: unknown): (call: Call) => Promise<Encoded> {
  return async ({ correlationId, clientId, request: { apiKey, apiVersion, encode } }) => {
    const { buffer: body } = await encode()
    const clientIdBytes = Buffer.byteLength(clientId)
    const buf = Buffer.allocUnsafe(14 + clientIdBytes + body.length)
    let at = buf.writeInt32BE(buf.length - 4, 0)
    at = buf.writeInt16BE(apiKey, at)
    at = buf.writeInt16BE(apiVersion, at)
    at = buf.writeInt32BE(correlationId, at)
    at = buf.writeInt16BE(clientIdBytes, at)
    at += buf.write(clientId, at)
    body.copy(buf, at)
    return encoded(buf)
  }
}

function encoded(buf: Buffer): Encoded {
  return { buf, buffer: buf, size: () => buf.length }
}

function isPlain({ compression = 0, transactionalId = null, producerId, topicData }: Fields): boolean {
  if (compression !== 0 || transactionalId !== null || producerId !== undefined) return false
  return topicData.every(({ partitions }) => partitions.every(({ messages }) => messages.every(isPlainMessage)))
}

function isPlainMessage({ headers, timestamp }: Message): boolean {
  for (const _header in headers) return false
  return timestamp === undefined
}

/**
 * Bytes of a batch before its records; before the part that its length counts; before the part that its checksum covers
 * (Kafka protocol, record batch v2).
 */
const batchHeadBytes = 61
const behindLengthBytes = 12
const behindChecksumBytes = 21

/** Produce Request, versions 3 to 7. */
function encodeProduce({ acks, timeout, topicData }: Fields): Buffer {
  const sizes = topicData.map(({ partitions }) => partitions.map(sizesOf))
  let bytes = 12
  for (const [index, { topic }] of topicData.entries()) {
    bytes += 6 + Buffer.byteLength(topic)
    for (const { batchBytes } of sizes[index] ?? []) bytes += 8 + batchBytes
  }
  const buf = Buffer.allocUnsafe(bytes)
  const nowMs = systemClock.nowMs()
  let at = buf.writeInt16BE(-1, 0)
  at = buf.writeInt16BE(acks, at)
  at = buf.writeInt32BE(timeout, at)
  at = buf.writeInt32BE(topicData.length, at)
  for (const [index, { topic, partitions }] of topicData.entries()) {
    at = buf.writeInt16BE(Buffer.byteLength(topic), at)
    at += buf.write(topic, at)
    at = buf.writeInt32BE(partitions.length, at)
    for (const [place, { partition, messages }] of partitions.entries()) {
      const { batchBytes, bodies } = sizes[index]?.[place] ?? { batchBytes: 0, bodies: [] }
      at = buf.writeInt32BE(partition, at)
      at = buf.writeInt32BE(batchBytes, at)
      at = putBatch(buf, messages, bodies, nowMs, at)
    }
  }
  return buf
}

/** @returns the size of the batch, and of each record after its own length. */
function sizesOf({ messages }: PartitionData): { batchBytes: number; bodies: number[] } {
  let batchBytes = batchHeadBytes
  const bodies = messages.map(({ key, value }, offset) => {
    const bytes = 3 + sizeOf(offset) + sizeOfBytes(key) + sizeOfBytes(value)
    batchBytes += sizeOf(bytes) + bytes
    return bytes
  })
  return { batchBytes, bodies }
}

function putBatch(buf: Buffer, messages: Message[], bodies: number[], nowMs: number, start: number): number {
  // Base offset, length, leader epoch, version of the format, checksum.
  buf.fill(0, start, start + 16)
  buf[start + 16] = 2
  let at = start + behindChecksumBytes
  // Attributes: no compression, creation times, no transaction.
  at = buf.writeInt16BE(0, at)
  at = buf.writeInt32BE(messages.length - 1, at)
  // First and last timestamp.
  at = buf.writeBigInt64BE(BigInt(nowMs), at)
  at = buf.writeBigInt64BE(BigInt(nowMs), at)
  // Producer id, its epoch, first sequence number.
  at = buf.writeBigInt64BE(-1n, at)
  at = buf.writeInt16BE(0, at)
  at = buf.writeInt32BE(0, at)
  at = buf.writeInt32BE(messages.length, at)
  for (const [offset, { key, value }] of messages.entries()) {
    at = putNumber(buf, bodies[offset] ?? 0, at)
    // Attributes, and the difference from the first timestamp.
    buf[at++] = 0
    buf[at++] = 0
    at = putNumber(buf, offset, at)
    at = putBytes(buf, key, at)
    at = putBytes(buf, value, at)
    // Headers.
    buf[at++] = 0
  }
  buf.writeInt32BE(at - start - behindLengthBytes, start + 8)
  buf.writeUInt32BE(crc32C(buf.subarray(start + behindChecksumBytes, at)), start + 17)
  return at
}
