type RecordFields = {
  offsetDelta?: number
  timestampDelta?: number
  key?: Buffer | string | null
  value: Buffer | string | null
  headers?: Record<string, unknown>
}
/** What kafkajs' batch takes from a record's Encoder. */
type EncodedRecord = { buf: Buffer; buffer: Buffer }

/**
 * kafkajs 2.2.4 (protocol/recordBatch/record/v0) clears 512 bytes for each record, and makes an array and a Buffer for each
 * number in it. Here a record is written once, at its size (Kafka protocol, record format v2).
 * @returns null for what is rare, headers and times far from the batch's: kafkajs' own function is for that.
 */
export function encodeRecord(fields: RecordFields): EncodedRecord | null {
  const { offsetDelta = 0, timestampDelta = 0, key = null, value, headers } = fields
  if (!isSmall(timestampDelta)) return null
  for (const _header in headers) return null
  const keyBytes = key === null ? -1 : Buffer.byteLength(key)
  const valueBytes = value === null ? -1 : Buffer.byteLength(value)
  const numbersBytes = sizeOf(timestampDelta) + sizeOf(offsetDelta) + sizeOf(keyBytes) + sizeOf(valueBytes)
  const bodyBytes =
    attributes.length + numbersBytes + Math.max(0, keyBytes) + Math.max(0, valueBytes) + noHeaders.length
  const buf = Buffer.allocUnsafe(sizeOf(bodyBytes) + bodyBytes)
  let end = put(buf, bodyBytes, 0)
  end += attributes.copy(buf, end)
  end = put(buf, timestampDelta, end)
  end = put(buf, offsetDelta, end)
  end = putBytes(buf, key, keyBytes, end)
  end = putBytes(buf, value, valueBytes, end)
  noHeaders.copy(buf, end)
  return { buf, buffer: buf }
}

const attributes = Buffer.from([0])
const noHeaders = Buffer.from([0])

/** Within 30 bits, the zigzag of 32 bits is that of 64. */
function isSmall(value: number): boolean {
  return Number.isInteger(value) && Math.abs(value) < 2 ** 30
}

function zigzag(value: number): number {
  return ((value << 1) ^ (value >> 31)) >>> 0
}

function sizeOf(value: number): number {
  return Math.max(1, Math.ceil((32 - Math.clz32(zigzag(value))) / 7))
}

function put(buf: Buffer, value: number, at: number): number {
  let rest = zigzag(value)
  let end = at
  while (rest > 0x7f) {
    buf[end++] = (rest & 0x7f) | 0x80
    rest >>>= 7
  }
  buf[end++] = rest
  return end
}

function putBytes(buf: Buffer, value: Buffer | string | null, bytes: number, at: number): number {
  const start = put(buf, bytes, at)
  if (value === null) return start
  return start + (typeof value === 'string' ? buf.write(value, start) : value.copy(buf, start))
}
