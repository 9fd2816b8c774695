/** Fields of a record as its batch has them (Kafka protocol, record batch v2): numbers as varints, bytes after their length. */

type Bytes = Buffer | string | null | undefined

export function sizeOfBytes(value: Bytes): number {
  const bytes = lengthOf(value)
  return sizeOf(bytes) + Math.max(0, bytes)
}

/** @returns the position behind what was written, as the other functions here do. */
export function putBytes(buf: Buffer, value: Bytes, at: number): number {
  const start = putNumber(buf, lengthOf(value), at)
  if (value === null || value === undefined) return start
  return start + (typeof value === 'string' ? buf.write(value, start) : value.copy(buf, start))
}

/** Bytes of a number between -2^30 and 2^30 as a varint. */
export function sizeOf(value: number): number {
  return Math.max(1, Math.ceil((32 - Math.clz32(zigzag(value))) / 7))
}

export function putNumber(buf: Buffer, value: number, at: number): number {
  return putUnsigned(buf, zigzag(value), at)
}

/** A number from 0 that is not in zigzag form, as lengths of compact types are (KIP-482). */
export function putUnsigned(buf: Buffer, value: number, at: number): number {
  let rest = value
  let end = at
  while (rest > 0x7f) {
    buf[end++] = (rest & 0x7f) | 0x80
    rest >>>= 7
  }
  buf[end++] = rest
  return end
}

function lengthOf(value: Bytes): number {
  return value === null || value === undefined ? -1 : Buffer.byteLength(value)
}

function zigzag(value: number): number {
  return ((value << 1) ^ (value >> 31)) >>> 0
}
