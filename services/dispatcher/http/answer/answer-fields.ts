/** Retry-After lines that are looked at: one of them should do. */
const maxRetryAfters = 8

/** The fields of an answer's head that matter, as they were found; names and values come with blanks and in any case. */
export class AnswerFields {
  readonly retryAfter: string[] = []
  /** Bytes of the body; null when none is announced, 'unclear' when it is no number or there are different ones. */
  contentLength: number | null | 'unclear' = null
  /** Transfer codings in their order, lower case; empty when there are none. */
  codings = ''
  /** What `connection` asks for; null when it does not say. */
  connection: 'close' | 'keep-alive' | null = null
  /** Seconds that an idle connection is kept open on the other side, when it says so. */
  keepAliveSeconds: number | null = null
  /** Whether each line was as RFC 9112 has it. */
  isRegular = true

  /** Takes one line, folded ones put together. */
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

  /** Whether a line may be one of those that matter, by its first letter: most lines are not looked at any further. */
  static mayMatter(firstCode: number): boolean {
    const lower = firstCode | 32
    return lower === 99 || lower === 116 || lower === 107 || lower === 114
  }

  /** Equal ones count as one (RFC 9110, 8.6). */
  #takeLength(text: string): void {
    const bytes = /^\d{1,15}$/.test(text) ? Number(text) : 'unclear'
    this.contentLength = this.contentLength === null || this.contentLength === bytes ? bytes : 'unclear'
  }

  #takeConnection(option: string): void {
    if (option === 'close') this.connection = 'close'
    else if (option === 'keep-alive' && this.connection === null) this.connection = 'keep-alive'
  }
}
