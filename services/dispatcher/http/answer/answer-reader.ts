import { maskedValue } from '../../../domain/definition/definition-values.ts'
import type { KeptAnswer } from '../../../domain/delivery/outcome.ts'
import { AnswerFields } from './answer-fields.ts'
import { BodyExcerpt } from './body-excerpt.ts'
import { ChunkedBody } from './chunked-body.ts'

/** Maximum bytes read of an answer's head, including 1xx answers before it. */
const headCapBytes = 65_536
/** Maximum bytes kept of a line: a status and a Retry-After are short, and the rest of a longer line is ignored. */
const lineCapBytes = 8_192
/**
 * Maximum bytes read of an answer's body, framing included; the rest is dropped with its connection (contract.md,
 * section 3).
 */
const bodyCapBytes = 16_384

const statusLine = /^HTTP\/1\.(\d)[ \t]+(\d{3})(?:[ \t]|$)/
const statusLineStart = 'HTTP/1.'
const noMatch = 'answer does not match the HTTP/1.1 protocol'

/** Maximum characters kept of an answer's fields, and bytes kept of its body, where the answer itself is wanted. */
const keptFields = 4_096
const keptBodyBytes = 4_096

/**
 * Reads one answer as leniently as its meaning allows: only the status and Retry-After count, so whatever is odd in the rest
 * is passed over and costs the connection its next request. The body is never decompressed. Memory is bounded by the caps.
 * Own code: docs/decisions/0013-own-http-client.md.
 */
export class AnswerReader {
  /** Status of the final answer, once its head is complete; 0 until then. */
  status = 0
  /** Problem if the bytes are not an answer: then no more must be taken. */
  problem: string | null = null
  /** Whether the body has ended, or is read no further. */
  isEnded = false
  fields = new AnswerFields()
  #state: 'status' | 'fields' | 'body' = 'status'
  #line = ''
  #isLineCut = false
  /** Line that a folded one may continue; '' if it does not matter. */
  #pending = ''
  #isRegular = true
  #minorVersion = 1
  #statusSeen = 0
  #headBytes = 0
  #bodyBytes = 0
  /** Remaining bytes of a body of known length. */
  #leftBytes = 0
  #chunks: ChunkedBody | null = null
  readonly #excerpt: BodyExcerpt
  /** Lines of the fields if the answer itself is wanted, else null. */
  #kept: string | null

  /** @param keepsAnswer whether fields and body are kept, also of a success. */
  constructor(keepsAnswer: boolean) {
    this.#kept = keepsAnswer ? '' : null
    this.#excerpt = keepsAnswer ? new BodyExcerpt(keptBodyBytes) : new BodyExcerpt()
  }

  /** The part of the answer that is kept; null if none is wanted. */
  get answer(): KeptAnswer | null {
    return this.#kept === null ? null : { headers: this.#kept.trimEnd(), body: this.#excerpt.text }
  }

  get hasBytes(): boolean {
    return this.#headBytes > 0
  }

  /** Whether the bytes do not even begin like an answer: on a used connection they may be the rest of the one before. */
  get isStray(): boolean {
    return this.problem === noMatch && this.#statusSeen === 0
  }

  get isSuccess(): boolean {
    return this.status >= 200 && this.status < 300
  }

  get excerpt(): string {
    return this.#excerpt.text
  }

  /** Whether the connection may carry another request: only if the end of this answer is certain and has been read. */
  get keepsAlive(): boolean {
    const { connection, isRegular } = this.fields
    const asked = this.#minorVersion === 0 ? connection === 'keep-alive' : connection !== 'close'
    return this.isEnded && this.#isRegular && isRegular && asked
  }

  /** @param bytes are not kept: their memory may be used again. */
  take(bytes: Buffer): void {
    const bodyFrom = this.#state === 'body' ? 0 : this.#takeHead(bytes)
    if (this.#state !== 'body' || this.problem !== null) return
    if (bodyFrom < bytes.length) this.#takeBody(bodyFrom === 0 ? bytes : bytes.subarray(bodyFrom))
  }

  /** Takes the end of the connection, which ends the body as well. */
  close(): void {
    if (this.isEnded) return
    this.isEnded = true
    this.#isRegular = false
  }

  /** @returns index of the body in these bytes. */
  #takeHead(bytes: Buffer): number {
    this.#headBytes += bytes.length
    // A piece without an end of line is only stored, so that an answer in pieces of one byte is not searched again and
    // again.
    if (!bytes.includes(10)) this.#keepLine(bytes.toString('latin1'))
    else {
      const text = bytes.toString('latin1')
      let from = 0
      for (let end = text.indexOf('\n'); end >= 0; end = text.indexOf('\n', from)) {
        this.#keepLine(text.slice(from, end))
        from = end + 1
        this.#endLine()
        if (this.problem !== null) return from
        if (this.#state === 'body') {
          this.#headBytes -= bytes.length - from
          return from
        }
      }
      this.#keepLine(text.slice(from))
    }
    if (this.#state === 'status' && !this.#line.startsWith(statusLineStart.slice(0, this.#line.length)))
      if (this.#line !== '\r') this.problem = noMatch
    if (this.#headBytes > headCapBytes) this.problem = 'head of the answer is longer than is read'
    return bytes.length
  }

  #keepLine(part: string): void {
    if (this.#line === '') this.#line = part
    else if (!this.#isLineCut) this.#line += part
    if (this.#line.length <= lineCapBytes) return
    // A carriage return that is cut off with the rest is not needed.
    this.#line = this.#line.slice(0, lineCapBytes)
    this.#isLineCut = true
  }

  #endLine(): void {
    const line = this.#line
    this.#line = ''
    const hasReturn = line.charCodeAt(line.length - 1) === 13
    if (!hasReturn) this.#isRegular = false
    this.#isLineCut = false
    const text = hasReturn ? line.slice(0, -1) : line
    if (this.#state === 'status') this.#takeStatusLine(text)
    else this.#takeField(text)
  }

  #takeStatusLine(line: string): void {
    if (line === '') {
      this.#isRegular = false
      return
    }
    const match = statusLine.exec(line)
    if (!match) {
      this.problem = noMatch
      return
    }
    this.#minorVersion = Number(match[1])
    this.#statusSeen = Number(match[2])
    if (this.#statusSeen < 100) this.problem = `${noMatch}: status ${match[2]}`
    this.#state = 'fields'
  }

  #takeField(line: string): void {
    if (this.#kept !== null && this.#statusSeen >= 200) this.#keepField(line)
    const first = line.charCodeAt(0)
    if (first === 32 || first === 9) {
      // A folded line continues the one before it (RFC 9112, 5.2).
      this.#isRegular = false
      if (this.#pending !== '' && this.#pending.length < lineCapBytes) this.#pending += ` ${line.trim()}`
      return
    }
    // An unrequested 1xx is ignored, with all of its fields (RFC 9110, 15.2).
    if (this.#pending !== '' && this.#statusSeen >= 200) this.fields.take(this.#pending)
    this.#pending = ''
    if (line !== '') {
      if (AnswerFields.mayMatter(first)) this.#pending = line
    } else if (this.#statusSeen < 200) this.#state = 'status'
    else this.#beginBody()
  }

  /** Keeps a field as it came, except for cookies, which may be a session's. */
  #keepField(line: string): void {
    const shown = /^set-cookie\s*:/i.test(line) ? `set-cookie: ${maskedValue}` : line
    this.#kept = `${this.#kept}${shown}\n`.slice(0, keptFields)
  }

  /** Decides where the body ends (RFC 9112, 6.3). An ambiguous end also ends the connection. */
  #beginBody(): void {
    this.status = this.#statusSeen
    this.#state = 'body'
    const { codings, contentLength } = this.fields
    if (this.status === 204 || this.status === 304) {
      this.isEnded = true
      // Such an answer has no body, but a server may send the one that these fields announce.
      if (contentLength !== null && contentLength !== 0) this.#isRegular = false
      if (codings !== '') this.#isRegular = false
    } else if (codings !== '') {
      if (contentLength !== null) this.#isRegular = false
      if (/(?:^|[,\s])chunked$/.test(codings)) this.#chunks = new ChunkedBody()
      else this.#endWithConnection()
      if (codings !== 'chunked') this.#isRegular = false
    } else if (typeof contentLength === 'number') {
      this.#leftBytes = contentLength
      this.isEnded = contentLength === 0
    } else this.#endWithConnection()
  }

  #endWithConnection(): void {
    this.#isRegular = false
    this.#leftBytes = Number.POSITIVE_INFINITY
  }

  #takeBody(bytes: Buffer): void {
    // Unrequested bytes: the connection cannot be trusted.
    if (this.isEnded) {
      this.#isRegular = false
      return
    }
    this.#bodyBytes += bytes.length
    const end = this.#chunks ? this.#chunks.take(bytes, (data) => this.#keep(data)) : this.#takeSome(bytes)
    if (end >= 0) {
      this.isEnded = true
      if (end < bytes.length || this.#chunks?.isRegular === false) this.#isRegular = false
    } else if (this.#bodyBytes > bodyCapBytes) this.close()
  }

  /** @returns index of the body's end, or -1 if more of it is to come. */
  #takeSome(bytes: Buffer): number {
    const taken = Math.min(bytes.length, this.#leftBytes)
    this.#keep(bytes.subarray(0, taken))
    this.#leftBytes -= taken
    return this.#leftBytes === 0 ? taken : -1
  }

  #keep(data: Buffer): void {
    if (!this.isSuccess || this.#kept !== null) this.#excerpt.add(data)
  }
}
