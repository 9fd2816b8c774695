const idBytes = 16
const twoPow32 = 4_294_967_296

/**
 * Reads the types of Kafka's protocol from one buffer, in order. Numbers of 64 bits are read as JavaScript numbers:
 * offsets, times and producer ids stay below 2^53.
 */
export class Cursor {
  readonly buffer: Buffer
  at: number

  constructor(buffer: Buffer, at = 0) {
    this.buffer = buffer
    this.at = at
  }

  int8(): number {
    return this.buffer.readInt8(this.at++)
  }

  int16(): number {
    this.at += 2
    return this.buffer.readInt16BE(this.at - 2)
  }

  int32(): number {
    this.at += 4
    return this.buffer.readInt32BE(this.at - 4)
  }

  int64(): number {
    this.at += 8
    return this.buffer.readInt32BE(this.at - 8) * twoPow32 + this.buffer.readUInt32BE(this.at - 4)
  }

  unsignedVarint(): number {
    const first = this.buffer.readUInt8(this.at++)
    if (first < 0x80) return first
    let value = first & 0x7f
    for (let factor = 0x80; ; factor *= 0x80) {
      const byte = this.buffer.readUInt8(this.at++)
      value += (byte & 0x7f) * factor
      if (byte < 0x80) return value
    }
  }

  /** A signed number in zigzag form. */
  varint(): number {
    const value = this.unsignedVarint()
    return value % 2 === 0 ? value / 2 : -(value + 1) / 2
  }

  /** Bytes after their length as a varint, as a view of the buffer; null for the length -1. */
  varintBytes(): Buffer | null {
    const length = this.varint()
    if (length < 0) return null
    this.at += length
    return this.buffer.subarray(this.at - length, this.at)
  }

  /** A compact string (KIP-482). */
  compactString(): string {
    const length = this.unsignedVarint() - 1
    this.at += Math.max(0, length)
    return this.buffer.toString('utf8', this.at - Math.max(0, length), this.at)
  }

  /** A topic's id (KIP-516), in hexadecimal digits without dashes. */
  id(): string {
    this.at += idBytes
    return this.buffer.toString('hex', this.at - idBytes, this.at)
  }

  /** Skips tagged fields (KIP-482). */
  skipTags(): void {
    for (let count = this.unsignedVarint(); count > 0; count--) {
      this.unsignedVarint()
      const bytes = this.unsignedVarint()
      this.at += bytes
    }
  }
}
