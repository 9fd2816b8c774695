import { Readable } from 'node:stream'
import { HttpProblem } from '../../platform/http/problem.ts'
import type { Clock } from '../../platform/runtime/clock.ts'
import type { ChangeFeed } from './change-feed.ts'

/** Time between two pings. Clients take longer silence for a lost connection (services/console/src/api/stream/source.ts). */
const heartbeatMs = 10_000
/** Maximum bytes buffered for a slow client. Beyond that its stream ends; it reconnects and reads everything again. */
const maxBufferedBytes = 256 * 1024
const maxStreams = 2_000
/** Maximum streams of one identity: tabs of a person, or workers of an integration. */
const maxStreamsOfIdentity = 20

/**
 * Changes of a business as server-sent events (HTML, section 9.2), with names and ids only, so that they hold nothing
 * private. Own code: @fastify/sse would only write the lines of an event, not limit streams and buffers or end with an
 * identity.
 */
export class ChangeStreams {
  readonly #feed: ChangeFeed
  readonly #clock: Clock
  /** Open stream -> its subject. */
  readonly #open = new Map<Readable, string>()

  constructor(feed: ChangeFeed, clock: Clock) {
    this.#feed = feed
    this.#clock = clock
  }

  /**
   * Opens a stream, which ends with its identity and with its request.
   * @param subject owner of the stream.
   * @param ended aborted when the request's connection or answer ends.
   * @throws HttpProblem 429 if the identity has too many streams, 503 if all identities together have.
   */
  open(businessId: string, subject: string, expiresAtMs: number, ended: AbortSignal): Readable {
    this.#admit(subject)
    const stream = new Readable({ read: () => undefined })
    ended.addEventListener('abort', () => stream.destroy(), { once: true })
    const over = new AbortController()
    const unlisten = this.#feed.listen(businessId, (kind, id) => send(stream, kind, id))
    this.#open.set(stream, subject)
    stream.once('close', () => {
      unlisten()
      over.abort()
      this.#open.delete(stream)
    })
    // Changes from here on are announced. A client that read before this event reads again.
    stream.push('retry: 1000\n\n')
    send(stream, 'ready', '')
    void this.#beat(stream, expiresAtMs, over.signal)
    return stream
  }

  /** Ends all streams, because open ones would keep the server from closing. */
  end(): void {
    for (const stream of this.#open.keys()) stream.push(null)
  }

  #admit(subject: string): void {
    let own = 0
    for (const owner of this.#open.values()) if (owner === subject) own++
    const later = { 'retry-after': '10' }
    if (own >= maxStreamsOfIdentity)
      throw new HttpProblem(
        429,
        'Too Many Requests',
        `more than ${maxStreamsOfIdentity} streams of one identity`,
        {},
        later,
      )
    if (this.#open.size >= maxStreams)
      throw new HttpProblem(
        503,
        'Service Unavailable',
        'too many streams of changes are open; try again later',
        {},
        later,
      )
  }

  async #beat(stream: Readable, expiresAtMs: number, over: AbortSignal): Promise<void> {
    for (;;) {
      const leftMs = expiresAtMs - this.#clock.nowMs()
      if (leftMs <= 0) return void stream.push(null)
      await this.#clock.sleep(Math.min(heartbeatMs, leftMs), over)
      if (over.aborted) return
      send(stream, 'ping', '')
    }
  }
}

function send(stream: Readable, event: string, id: string): void {
  if (stream.readableLength > maxBufferedBytes) stream.destroy()
  else stream.push(`event: ${event}\ndata: ${JSON.stringify({ id })}\n\n`)
}
