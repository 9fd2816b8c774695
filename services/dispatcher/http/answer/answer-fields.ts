/** Maximum Retry-After lines that are read: one of them should do. */
const maxRetryAfters = 8

/** Fields of an answer's head that matter, as found; names and values may have blanks and any case. */
export class AnswerFields {
  readonly retryAfter: string[] = []
  /** Bytes of the body; null if none is announced, 'unclear' if it is not a number or there are several values. */
  contentLength: number | null | 'unclear' = null
  /** Transfer codings in their order, in lower case; empty if there are none. */
  codings = ''
  /** Value of `connection`; null if it says neither. */
  connection: 'close' | 'keep-alive' | null = null
  /** Seconds that the other side keeps an idle connection open, if it says so. */
  keepAliveSeconds: number | null = null
  /** Whether each line conforms to RFC 9112. */
  isRegular = true

  /** Takes one line, with folded lines joined. */
  take(line: string): void {
    const colon = line.indexOf(':')
    if (colon < 0) {
      this.isRegular = false
      return
    }
    const name = line.slice(0, colon).trim().toLowerCase()
    if (name.length !== colon) this.isRegular = false
    const value = line.slice(colon + 1).trim()
    switch (name) {
      case 'content-length':
        for (const each of value.split(',')) this.#takeLength(each.trim())
        break
      case 'transfer-encoding':
        this.codings = this.codings === '' ? value.toLowerCase() : `${this.codings}, ${value.toLowerCase()}`
        break
      case 'connection':
        for (const each of value.toLowerCase().split(',')) this.#takeConnection(each.trim())
        break
      case 'keep-alive': {
        const seconds = /(?:^|[,;\s])timeout=(\d{1,9})/i.exec(value)?.[1]
        if (seconds !== undefined) this.keepAliveSeconds = Number(seconds)
        break
      }
      case 'retry-after':
        if (this.retryAfter.length < maxRetryAfters) this.retryAfter.push(value)
        break
    }
  }

  /** Whether a line may be one of those that matter, by its first letter: most lines are not read any further. */
  static mayMatter(firstCode: number): boolean {
    const lower = firstCode | 32
    return lower === 99 || lower === 116 || lower === 107 || lower === 114
  }

  /** Takes one length; equal ones count as one (RFC 9110, 8.6). */
  #takeLength(text: string): void {
    const bytes = /^\d{1,15}$/.test(text) ? Number(text) : 'unclear'
    this.contentLength = this.contentLength === null || this.contentLength === bytes ? bytes : 'unclear'
  }

  #takeConnection(option: string): void {
    if (option === 'close') this.connection = 'close'
    else if (option === 'keep-alive' && this.connection === null) this.connection = 'keep-alive'
  }
}
