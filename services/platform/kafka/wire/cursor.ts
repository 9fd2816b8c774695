const idBytes = 16
const twoPow32 = 4_294_967_296

/**
 * Reads the types of Kafka's protocol from an answer, in order. An answer is a list of chunks as the socket delivered
 * them. Copying it into one buffer would double the memory of an answer, and a value that is kept would keep the whole
 * answer instead of a chunk. So the cursor reads one chunk at a time; what lies across the boundary of two is copied.
 * `need` must be called before a read with an upper limit of the bytes that follow.
 *
 * Numbers of 64 bits are read as JavaScript numbers: offsets, times and producer ids stay below 2^53.
 */
export class Cursor {
  readonly #chunks: readonly Buffer[]
  /** The chunk of the latest search, and the position at which it begins. */
  #index = 0
  #chunkStart = 0
  /** Bytes that are being read: a chunk, or a copy of the end of one and the beginning of the next. */
  #buffer: Buffer
  #base = 0
  #at = 0

  constructor(chunks: readonly Buffer[], position = 0) {
    this.#chunks = chunks
    this.#buffer = chunks[0] ?? Buffer.alloc(0)
    this.#at = position
  }

  get position(): number {
    return this.#base + this.#at
  }

  set position(position: number) {
    this.#at = position - this.#base
    if (this.#at < 0) this.#load(position, 1)
  }

  /** A cursor of its own on the same bytes. */
  fork(position: number): Cursor {
    return new Cursor(this.#chunks, position)
  }

  /** Makes the next bytes readable, as far as there are so many. */
  need(bytes: number): void {
    if (this.#at + bytes > this.#buffer.length) this.#load(this.position, bytes)
  }

  int8(): number {
    return this.#buffer.readInt8(this.#at++)
  }

  int16(): number {
    this.#at += 2
    return this.#buffer.readInt16BE(this.#at - 2)
  }

  int32(): number {
    this.#at += 4
    return this.#buffer.readInt32BE(this.#at - 4)
  }

  int64(): number {
    this.#at += 8
    return this.#buffer.readInt32BE(this.#at - 8) * twoPow32 + this.#buffer.readUInt32BE(this.#at - 4)
  }

  unsignedVarint(): number {
    const first = this.#buffer.readUInt8(this.#at++)
    if (first < 0x80) return first
    let value = first & 0x7f
    for (let factor = 0x80; ; factor *= 0x80) {
      const byte = this.#buffer.readUInt8(this.#at++)
      value += (byte & 0x7f) * factor
      if (byte < 0x80) return value
    }
  }

  /** A signed number in zigzag form. */
  varint(): number {
    const value = this.unsignedVarint()
    return value % 2 === 0 ? value / 2 : -(value + 1) / 2
  }

  bytes(length: number): Buffer {
    this.#at += length
    return this.#buffer.subarray(this.#at - length, this.#at)
  }

  /** Bytes after their length as a varint, without a copy; null for the length -1. */
  varintBytes(): Buffer | null {
    const length = this.varint()
    return length < 0 ? null : this.bytes(length)
  }

  /** A topic's id (KIP-516), in base64url, as Kafka's tools show it. */
  id(): string {
    this.#at += idBytes
    return this.#buffer.toString('base64url', this.#at - idBytes, this.#at)
  }

  /** Skips tagged fields (KIP-482). */
  skipTags(): void {
    this.need(maxVarintBytes)
    for (let count = this.unsignedVarint(); count > 0; count--) {
      this.need(2 * maxVarintBytes)
      this.unsignedVarint()
      const bytes = this.unsignedVarint()
      this.#at += bytes
      this.need(maxVarintBytes)
    }
  }

  #load(position: number, bytes: number): void {
    if (position < this.#chunkStart) {
      this.#index = 0
      this.#chunkStart = 0
    }
    let chunk = this.#chunks[this.#index]
    while (chunk && position >= this.#chunkStart + chunk.length && this.#index < this.#chunks.length - 1) {
      this.#chunkStart += chunk.length
      chunk = this.#chunks[++this.#index]
    }
    if (!chunk) return
    const isLast = this.#index === this.#chunks.length - 1
    if (isLast || position + bytes <= this.#chunkStart + chunk.length) {
      this.#buffer = chunk
      this.#base = this.#chunkStart
    } else {
      this.#buffer = this.#copy(position, bytes)
      this.#base = position
    }
    this.#at = position - this.#base
  }

  #copy(position: number, bytes: number): Buffer {
    const parts: Buffer[] = []
    let from = position - this.#chunkStart
    let left = bytes
    for (let index = this.#index; left > 0 && index < this.#chunks.length; index++) {
      const part = (this.#chunks[index] as Buffer).subarray(from, from + left)
      parts.push(part)
      left -= part.length
      from = 0
    }
    return Buffer.concat(parts)
  }
}

/** Bytes of a varint of 32 bits, and of 64. */
export const maxVarintBytes = 5
export const maxVarlongBytes = 10
