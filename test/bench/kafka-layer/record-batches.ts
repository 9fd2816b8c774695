import { compressionsAlgorithmsByBitmask } from '@platformatic/kafka'
import type { ConsumedRecord } from '../../../services/platform/kafka/consumer.ts'
import { AbortedFilter, type AbortedTransaction, type BatchOrigin } from './aborted-transactions.ts'
import { Cursor } from './cursor.ts'

/** Where a partition's records are in an answer, and how to read them. */
export type RecordsSource = {
  topic: string
  partition: number
  /** Records before it are left out: a broker sends whole batches. */
  fromOffset: number
  aborted: readonly AbortedTransaction[]
}

/** Records that consumers get, and the offset at which the next fetch begins. */
export type ReadRecords = { records: ConsumedRecord[]; nextOffset: number }

/** Sizes and places in a record batch, version 2 (Kafka protocol). */
const lengthEndBytes = 12
const magicAt = 16
const attributesAt = 21
const recordsAt = 61

const compressionBits = 0b111
const logAppendTimeBit = 1 << 3
const transactionalBit = 1 << 4
const controlBit = 1 << 5
const abortMarker = 0
const noHeaders: ConsumedRecord['headers'] = Object.freeze({})

/** Records of an answer that are not as Kafka's protocol says, or in a form that is not supported. */
export class UnreadableBatch extends Error {
  override name = 'UnreadableBatch'
}

/**
 * Reads the complete batches between two positions of an answer; an answer may end within a batch. Keys and values are
 * views of the answer's buffer.
 */
export function readRecords(buffer: Buffer, start: number, end: number, source: RecordsSource): ReadRecords {
  const filter = new AbortedFilter(source.aborted)
  const records: ConsumedRecord[] = []
  let { fromOffset: nextOffset } = source
  for (let at = start; at + lengthEndBytes <= end; ) {
    const next = at + lengthEndBytes + buffer.readInt32BE(at + 8)
    if (next > end) break
    const batch = readHead(buffer, at, next, source)
    if (batch.lastOffset >= source.fromOffset) {
      if (filter.admits(batch)) readBatch(batch, source, records)
      nextOffset = batch.lastOffset + 1
    } else filter.admits(batch)
    at = next
  }
  return { records, nextOffset }
}

type Batch = BatchOrigin & {
  attributes: number
  firstTimestampMs: number
  maxTimestampMs: number
  count: number
  /** At the first record. */
  cursor: Cursor
  /** Position after the last record. */
  end: number
}

function readHead(buffer: Buffer, at: number, end: number, source: RecordsSource): Batch {
  const magic = buffer.readInt8(at + magicAt)
  if (magic !== 2 || end < at + recordsAt) throw unreadable(source, `format ${magic} of messages, or a batch too short`)
  const cursor = new Cursor(buffer, at)
  const baseOffset = cursor.int64()
  cursor.at = at + attributesAt
  const attributes = cursor.int16()
  const lastOffset = baseOffset + cursor.int32()
  const firstTimestampMs = cursor.int64()
  const maxTimestampMs = cursor.int64()
  const producerId = cursor.int64()
  // The producer's epoch and first sequence number.
  cursor.at += 6
  const count = cursor.int32()
  const isControl = (attributes & controlBit) !== 0
  const isTransactional = (attributes & transactionalBit) !== 0
  const isAbortMarker = isControl && markerType(buffer, cursor.at) === abortMarker
  return {
    baseOffset,
    lastOffset,
    producerId,
    isControl,
    isTransactional,
    isAbortMarker,
    attributes,
    firstTimestampMs,
    maxTimestampMs,
    count,
    cursor,
    end,
  }
}

/** The type in the key of a control record: a version, then 0 for abort or 1 for commit. Control batches are not compressed. */
function markerType(buffer: Buffer, at: number): number {
  const cursor = new Cursor(buffer, at)
  // The record's length and attributes, and its differences of time and offset.
  cursor.varint()
  cursor.int8()
  cursor.varint()
  cursor.varint()
  return cursor.varintBytes()?.readInt16BE(2) ?? -1
}

function readBatch(batch: Batch, source: RecordsSource, records: ConsumedRecord[]): void {
  const { topic, partition, fromOffset } = source
  const { baseOffset, firstTimestampMs } = batch
  const appendedMs = (batch.attributes & logAppendTimeBit) === 0 ? null : batch.maxTimestampMs
  const cursor = decompressed(batch, source)
  for (let index = 0; index < batch.count; index++) {
    const bytes = cursor.varint()
    const end = cursor.at + bytes
    cursor.at++
    const timestampMs = firstTimestampMs + cursor.varint()
    const offset = baseOffset + cursor.varint()
    if (offset < fromOffset) {
      cursor.at = end
      continue
    }
    const key = cursor.varintBytes()
    const value = cursor.varintBytes()
    const headers = readHeaders(cursor)
    if (cursor.at !== end)
      throw unreadable(source, `a record at offset ${offset} that is longer or shorter than it says`)
    records.push({ topic, partition, offset, key, value, headers, timestampMs: appendedMs ?? timestampMs })
  }
}

function decompressed({ attributes, cursor, end }: Batch, source: RecordsSource): Cursor {
  const bits = attributes & compressionBits
  if (bits === 0) return cursor
  const algorithm = compressionsAlgorithmsByBitmask[bits]
  if (!algorithm) throw unreadable(source, `compression ${bits}`)
  return new Cursor(algorithm.decompressSync(cursor.buffer.subarray(cursor.at, end)))
}

/** As kafkajs gives them: a name that comes twice has a list of values. Names are foreign, such as `__proto__`. */
function readHeaders(cursor: Cursor): ConsumedRecord['headers'] {
  const count = cursor.varint()
  if (count <= 0) return noHeaders
  const headers: NonNullable<ConsumedRecord['headers']> = Object.create(null)
  for (let index = 0; index < count; index++) {
    const name = cursor.varintBytes()?.toString() ?? ''
    const value = cursor.varintBytes() ?? undefined
    const known = headers[name]
    if (known === undefined) headers[name] = value
    else headers[name] = [known, value].flat().filter((one) => one !== undefined)
  }
  return headers
}

function unreadable({ topic, partition }: RecordsSource, what: string): UnreadableBatch {
  return new UnreadableBatch(`${topic}/${partition} has ${what}`)
}
