/** Maximum bytes kept of the body of an answer that is not 2xx, for the error log. */
const maxBytes = 512

/** The beginning of an answer's body, cut after a few bytes. */
export class BodyExcerpt {
  readonly #maxBytes: number
  readonly #parts: Buffer[] = []
  #bytes = 0

  constructor(limitBytes = maxBytes) {
    this.#maxBytes = limitBytes
  }

  get text(): string {
    return Buffer.concat(this.#parts).toString('utf8')
  }

  add(data: Buffer): void {
    if (this.#bytes >= this.#maxBytes) return
    // Copies the data: the memory of the bytes is used again.
    const part = Buffer.from(data.subarray(0, this.#maxBytes - this.#bytes))
    this.#parts.push(part)
    this.#bytes += part.length
  }
}
