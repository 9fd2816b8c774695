import { Readable } from 'node:stream'
import type { Clock } from '../platform/clock.ts'
import { HttpProblem } from '../platform/problem.ts'
import type { ChangeFeed } from './change-feed.ts'

const heartbeatMs = 15_000
/** For a reader that does not read; it comes again and reads everything anew. */
const maxBufferedBytes = 256 * 1024
const maxStreams = 2_000

/** Changes of a business as server-sent events (HTML, section 9.2): names and ids only, so that nothing private is in them. */
export class ChangeStreams {
  readonly #feed: ChangeFeed
  readonly #clock: Clock
  readonly #open = new Set<Readable>()

  constructor(feed: ChangeFeed, clock: Clock) {
    this.#feed = feed
    this.#clock = clock
  }

  /** Ends by itself when the identity does. @throws HttpProblem 503 when there are too many. */
  open(businessId: string, expiresAtMs: number): Readable {
    if (this.#open.size >= maxStreams)
      throw new HttpProblem(503, 'Service Unavailable', 'too many streams', {}, { 'retry-after': '10' })
    const stream = new Readable({ read: () => undefined })
    const over = new AbortController()
    const unlisten = this.#feed.listen(businessId, (kind, id) => send(stream, kind, id))
    this.#open.add(stream)
    stream.once('close', () => {
      unlisten()
      over.abort()
      this.#open.delete(stream)
    })
    // Changes from here on are told: whoever has read its page before this event reads it again.
    stream.push('retry: 1000\n\n')
    send(stream, 'ready', '')
    void this.#beat(stream, expiresAtMs, over.signal)
    return stream
  }

  /** Ends all of them: open ones would keep the server from closing. */
  end(): void {
    for (const stream of this.#open) stream.push(null)
  }

  async #beat(stream: Readable, expiresAtMs: number, over: AbortSignal): Promise<void> {
    for (;;) {
      const leftMs = expiresAtMs - this.#clock.nowMs()
      if (leftMs <= 0) return void stream.push(null)
      await this.#clock.sleep(Math.min(heartbeatMs, leftMs), over)
      if (over.aborted) return
      stream.push(': still here\n\n')
    }
  }
}

function send(stream: Readable, event: string, id: string): void {
  if (stream.readableLength > maxBufferedBytes) stream.destroy()
  else stream.push(`event: ${event}\ndata: ${JSON.stringify({ id })}\n\n`)
}
