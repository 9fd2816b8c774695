import { type Connection, crc32c, produceV9, Writer } from '@platformatic/kafka'
import { takeResponse } from './kafka-fault.ts'
import { putBytes, putNumber, putUnsigned, sizeOf, sizeOfBytes } from './record-fields.ts'

/** A record to be written. */
export type ProducedRecord = {
  key: Buffer | string | null
  value: Buffer | string | null
  headers?: Readonly<Record<string, string>> | undefined
}

/** Id and epoch that Kafka has given to a producer. */
export type ProducerIdentity = { id: bigint; epoch: number }

/** Records of one partition, and the sequence number of the first within the producer's epoch. */
export type SequencedBatch = {
  topic: string
  partition: number
  identity: ProducerIdentity
  sequence: number
  records: readonly ProducedRecord[]
}

export type BatchResult = { topic: string; partition: number; errorCode: number; baseOffset: number }

const produceKey = 0
/** Version 9 (Kafka 2.8) is the first with compact types; what later ones add is not used here. */
const produceVersion = 9
export const allInSync = -1
/** How long the leader waits for its followers. */
export const ackTimeoutMs = 15_000

/** Bytes of a batch (version 2) before its records, before what its length counts, and before what its checksum covers. */
const headBytes = 61
const behindLengthBytes = 12
const behindChecksumBytes = 21

/** Sends one Produce request, to be acknowledged by all in-sync replicas. @throws errors of the connection. */
export type SendProduce = (
  connection: Connection,
  batches: readonly SequencedBatch[],
  nowMs: number,
) => Promise<BatchResult[]>

type ProduceAnswer = ReturnType<typeof produceV9.parseResponse>

export const sendProduce: SendProduce = async (connection, batches, nowMs) => {
  // Before it is handed over: the client calls back for it where an error would reach nobody.
  const request = encodeProduce(batches, nowMs)
  const answered = new Promise<ProduceAnswer>((resolve, reject) => {
    const payload = () => Writer.create().append(request)
    connection.send(produceKey, produceVersion, payload, produceV9.parseResponse, true, true, (error, answer) => {
      if (error) reject(error)
      else resolve(answer as ProduceAnswer)
    })
  })
  return readResults(await answered.catch(takeResponse<ProduceAnswer>))
}

export function readResults({ responses }: ProduceAnswer): BatchResult[] {
  return responses.flatMap(({ name, partitionResponses }) =>
    partitionResponses.map(({ index, errorCode, baseOffset }) => ({
      topic: name,
      partition: index,
      errorCode,
      baseOffset: Number(baseOffset),
    })),
  )
}

/** A Produce request, written once at its final size. */
export function encodeProduce(batches: readonly SequencedBatch[], nowMs: number): Buffer {
  const sized = batches.map((batch) => ({ ...batch, sizes: measure(batch.records) }))
  const topics = Map.groupBy(sized, ({ topic }) => topic)
  let bytes = 32
  for (const topic of topics.keys()) bytes += 12 + Buffer.byteLength(topic)
  for (const { sizes } of sized) bytes += 10 + sizes.batchBytes
  const buf = Buffer.allocUnsafe(bytes)
  // No transaction.
  let at = buf.writeInt8(0, 0)
  at = buf.writeInt16BE(allInSync, at)
  at = buf.writeInt32BE(ackTimeoutMs, at)
  at = putUnsigned(buf, topics.size + 1, at)
  for (const [topic, ofTopic] of topics) {
    at = putUnsigned(buf, Buffer.byteLength(topic) + 1, at)
    at += buf.write(topic, at)
    at = putUnsigned(buf, ofTopic.length + 1, at)
    for (const batch of ofTopic) {
      at = buf.writeInt32BE(batch.partition, at)
      at = putUnsigned(buf, batch.sizes.batchBytes + 1, at)
      at = putBatch(buf, batch, batch.sizes.bodies, nowMs, at)
      at = buf.writeInt8(0, at)
    }
    at = buf.writeInt8(0, at)
  }
  at = buf.writeInt8(0, at)
  return buf.subarray(0, at)
}

type Sizes = { batchBytes: number; bodies: number[] }

/** The size of the batch, and of each record after its own length. */
function measure(records: readonly ProducedRecord[]): Sizes {
  let batchBytes = headBytes
  const bodies = records.map(({ key, value, headers }, offset) => {
    const bytes = 2 + sizeOf(offset) + sizeOfBytes(key) + sizeOfBytes(value) + sizeOfHeaders(headers)
    batchBytes += sizeOf(bytes) + bytes
    return bytes
  })
  return { batchBytes, bodies }
}

function sizeOfHeaders(headers: ProducedRecord['headers']): number {
  if (!headers) return 1
  const entries = Object.entries(headers)
  return entries.reduce((sum, [name, value]) => sum + sizeOfBytes(name) + sizeOfBytes(value), sizeOf(entries.length))
}

function putBatch(
  buf: Buffer,
  { records, identity: { id, epoch }, sequence }: SequencedBatch,
  bodies: number[],
  nowMs: number,
  start: number,
): number {
  // Base offset, length, leader epoch, version of the format, checksum.
  buf.fill(0, start, start + 16)
  buf[start + 16] = 2
  let at = start + behindChecksumBytes
  // Attributes: no compression, creation times, no transaction.
  at = buf.writeInt16BE(0, at)
  at = buf.writeInt32BE(records.length - 1, at)
  at = buf.writeBigInt64BE(BigInt(nowMs), at)
  at = buf.writeBigInt64BE(BigInt(nowMs), at)
  at = buf.writeBigInt64BE(id, at)
  at = buf.writeInt16BE(epoch, at)
  at = buf.writeInt32BE(sequence, at)
  at = buf.writeInt32BE(records.length, at)
  for (const [offset, { key, value, headers }] of records.entries()) {
    at = putNumber(buf, bodies[offset] ?? 0, at)
    // Attributes, and the difference from the first timestamp.
    buf[at++] = 0
    buf[at++] = 0
    at = putNumber(buf, offset, at)
    at = putBytes(buf, key, at)
    at = putBytes(buf, value, at)
    at = putHeaders(buf, headers, at)
  }
  buf.writeInt32BE(at - start - behindLengthBytes, start + 8)
  // In the client's own buffer type, because it copies any other.
  const covered = Writer.create().append(buf.subarray(start + behindChecksumBytes, at)).dynamicBuffer
  buf.writeUInt32BE(crc32c(covered) >>> 0, start + 17)
  return at
}

function putHeaders(buf: Buffer, headers: ProducedRecord['headers'], start: number): number {
  if (!headers) return putNumber(buf, 0, start)
  const entries = Object.entries(headers)
  let at = putNumber(buf, entries.length, start)
  for (const [name, value] of entries) at = putBytes(buf, value, putBytes(buf, name, at))
  return at
}
