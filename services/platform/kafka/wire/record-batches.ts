import { compressionsAlgorithmsByBitmask } from '@platformatic/kafka'
import type { ConsumedRecord } from '../consumer.ts'
import { AbortedFilter, type AbortedTransaction, type BatchOrigin } from './aborted-transactions.ts'
import { Cursor, maxVarintBytes, maxVarlongBytes } from './cursor.ts'

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

/** Bytes of a batch (version 2) before its records, and up to the end of its length. */
const headBytes = 61
const lengthEndBytes = 12
/** Upper limit of a control record up to the end of its key. */
const markerBytes = 4 * maxVarlongBytes + 5

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
 * Reads the complete batches from a cursor to a position; an answer may end within a batch. Keys and values are views
 * of what the socket delivered.
 */
export function readRecords(cursor: Cursor, end: number, source: RecordsSource): ReadRecords {
  const filter = new AbortedFilter(source.aborted)
  const records: ConsumedRecord[] = []
  let { fromOffset: nextOffset } = source
  while (cursor.position + headBytes <= end) {
    const batch = readHead(cursor, source)
    if (batch.end > end) break
    const isAdmitted = filter.admits(batch)
    if (batch.lastOffset >= source.fromOffset) {
      if (isAdmitted) readBatch(cursor, batch, source, records)
      nextOffset = batch.lastOffset + 1
    }
    cursor.position = batch.end
  }
  return { records, nextOffset }
}

type Batch = BatchOrigin & {
  attributes: number
  firstTimestampMs: number
  maxTimestampMs: number
  count: number
  /** Position after the last record. */
  end: number
}

/** Leaves the cursor at the first record. */
function readHead(cursor: Cursor, source: RecordsSource): Batch {
  cursor.need(headBytes)
  const baseOffset = cursor.int64()
  const bytes = cursor.int32()
  const end = cursor.position + bytes
  // The leader's epoch.
  cursor.int32()
  const magic = cursor.int8()
  if (magic !== 2 || bytes < headBytes - lengthEndBytes)
    throw unreadable(source, `format ${magic} of messages, or a batch too short`)
  // The checksum, which the broker has checked.
  cursor.int32()
  const attributes = cursor.int16()
  const lastOffset = baseOffset + cursor.int32()
  const firstTimestampMs = cursor.int64()
  const maxTimestampMs = cursor.int64()
  const producerId = cursor.int64()
  // The producer's epoch and first sequence number.
  cursor.int16()
  cursor.int32()
  const count = cursor.int32()
  const isControl = (attributes & controlBit) !== 0
  return {
    baseOffset,
    lastOffset,
    producerId,
    isControl,
    isTransactional: (attributes & transactionalBit) !== 0,
    isAbortMarker: isControl && readMarkerType(cursor) === abortMarker,
    attributes,
    firstTimestampMs,
    maxTimestampMs,
    count,
    end,
  }
}

/** The type in the key of a control record: a version, then 0 for abort or 1 for commit. Control batches are not compressed. */
function readMarkerType(cursor: Cursor): number {
  cursor.need(markerBytes)
  // The record's length and attributes, and its differences of time and offset.
  cursor.varint()
  cursor.int8()
  cursor.varint()
  cursor.varint()
  return cursor.varintBytes()?.readInt16BE(2) ?? -1
}

function readBatch(answer: Cursor, batch: Batch, source: RecordsSource, records: ConsumedRecord[]): void {
  const { topic, partition, fromOffset } = source
  const { baseOffset, firstTimestampMs } = batch
  const appendedMs = (batch.attributes & logAppendTimeBit) === 0 ? null : batch.maxTimestampMs
  const cursor = decompressed(answer, batch, source)
  for (let index = 0; index < batch.count; index++) {
    cursor.need(maxVarintBytes)
    const bytes = cursor.varint()
    cursor.need(bytes)
    const end = cursor.position + bytes
    cursor.int8()
    const timestampMs = firstTimestampMs + cursor.varint()
    const offset = baseOffset + cursor.varint()
    if (offset < fromOffset) {
      cursor.position = end
      continue
    }
    const key = cursor.varintBytes()
    const value = cursor.varintBytes()
    const headers = readHeaders(cursor)
    if (cursor.position !== end)
      throw unreadable(source, `a record at offset ${offset} that is longer or shorter than it says`)
    records.push({ topic, partition, offset, key, value, headers, timestampMs: appendedMs ?? timestampMs })
  }
}

function decompressed(cursor: Cursor, { attributes, end }: Batch, source: RecordsSource): Cursor {
  const bits = attributes & compressionBits
  if (bits === 0) return cursor
  const algorithm = compressionsAlgorithmsByBitmask[bits]
  if (!algorithm) throw unreadable(source, `compression ${bits}`)
  const bytes = end - cursor.position
  cursor.need(bytes)
  return new Cursor([algorithm.decompressSync(cursor.bytes(bytes))])
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
