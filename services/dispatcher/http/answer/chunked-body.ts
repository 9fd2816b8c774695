/** Maximum hexadecimal digits of a chunk's size: more would exceed any body that is read. */
const maxSizeDigits = 8

type State = 'size' | 'extension' | 'data' | 'afterData' | 'trailer'

const [tab, lineFeed, carriageReturn, space, semicolon] = [9, 10, 13, 32, 59]

/**
 * Reads the chunked coding (RFC 9112, 7.1), byte by byte but for the data. Extensions and trailers are passed over; what is
 * not quite right, such as blanks after a size or a bare line feed, is taken and makes it irregular. Limits are the caller's.
 */
export class ChunkedBody {
  /** Whether the coding conformed to RFC 9112: if not, the end of the body is not certain. */
  isRegular = true
  #state: State = 'size'
  #size = 0
  #digits = 0
  #lineBytes = 0
  #previous = 0

  /**
   * @param onData called with each piece of the body; it shares the memory of the bytes.
   * @returns the position after the body, or -1 when more of it is to come. A body that is broken ends at once, irregular.
   */
  take(bytes: Buffer, onData: (data: Buffer) => void): number {
    let at = 0
    while (at < bytes.length) {
      if (this.#state === 'data') {
        const end = Math.min(bytes.length, at + this.#size)
        onData(bytes.subarray(at, end))
        this.#size -= end - at
        at = end
        if (this.#size === 0) this.#state = 'afterData'
        continue
      }
      const byte = bytes[at++] ?? 0
      if (byte === lineFeed) {
        if (this.#previous !== carriageReturn) this.isRegular = false
        if (this.#endLine()) return at
      } else if (!this.#takeByte(byte)) {
        this.isRegular = false
        return at
      }
      this.#previous = byte
    }
    return -1
  }

  /** @returns whether the body ends with this line. */
  #endLine(): boolean {
    const bytes = this.#lineBytes
    this.#lineBytes = 0
    switch (this.#state) {
      case 'size':
      case 'extension':
        if (this.#digits === 0) {
          this.isRegular = false
          return true
        }
        this.#digits = 0
        this.#state = this.#size === 0 ? 'trailer' : 'data'
        return false
      case 'trailer':
        return bytes === 0
      default:
        this.#state = 'size'
        return false
    }
  }

  /** @returns false when the byte cannot stand there. */
  #takeByte(byte: number): boolean {
    if (byte === carriageReturn) return true
    this.#lineBytes++
    if (this.#state === 'afterData') return false
    if (this.#state !== 'size') return true
    if (byte === semicolon) this.#state = 'extension'
    else if (byte === space || byte === tab) this.isRegular = false
    else {
      const digit = hexValue(byte)
      if (digit < 0 || this.#digits === maxSizeDigits) return false
      this.#size = this.#size * 16 + digit
      this.#digits++
    }
    return true
  }
}

function hexValue(byte: number): number {
  if (byte >= 48 && byte <= 57) return byte - 48
  const lower = byte | 32
  return lower >= 97 && lower <= 102 ? lower - 87 : -1
}
