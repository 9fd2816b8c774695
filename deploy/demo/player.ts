import got, { type Got } from 'got'
import type { Clock } from '../../services/platform/runtime/clock.ts'
import type { HttpEvent } from './conversations/http-event.ts'
import type { Published } from './delivery-report.ts'

export type PlayOptions = {
  producerUrl: string
  /** Token with the permission events:write. */
  token: string
  clock: Clock
  /** Number of conversations played at the same time. */
  concurrency?: number
  /** Pause between two events of a conversation, in milliseconds. */
  pauseMs?: number
  /** Repetitions of a request that the producer did not accept; default: 5, for half a minute. */
  retries?: number
  /** Stops playing, between two events. */
  signal?: AbortSignal
}

/** More than the five usual repetitions reach. */
const longestBackoffMs = 20_000

/**
 * Publishes conversations through the producer. Within a conversation, an event is sent after the previous one has been
 * acknowledged.
 * @param conversations the events of each, in order.
 * @returns the acknowledged events; those of a conversation are in order.
 * @throws Error if the producer refuses an event or does not answer after all retries.
 */
export async function play(conversations: HttpEvent[][], options: PlayOptions): Promise<Published[]> {
  const { clock, concurrency = 8, pauseMs = 0, signal } = options
  const client = clientOf(options)
  const published: Published[] = []
  const waiting = conversations.values()
  const playNext = async () => {
    for (const events of waiting) {
      for (const event of events) {
        if (signal?.aborted) return
        published.push(await publish(client, event, clock))
        if (pauseMs > 0) await clock.sleep(pauseMs, signal)
      }
    }
  }
  await Promise.all(Array.from({ length: concurrency }, playNext))
  return published
}

function clientOf({ producerUrl, token, retries = 5 }: PlayOptions): Got {
  return got.extend({
    prefixUrl: producerUrl,
    headers: { authorization: `Bearer ${token}` },
    timeout: { request: 30_000 },
    // Repeats the request with the same eventId, so it stays the same event.
    retry: { limit: retries, methods: ['POST'], statusCodes: [429, 502, 503, 504], backoffLimit: longestBackoffMs },
  })
}

async function publish(client: Got, event: HttpEvent, clock: Clock): Promise<Published> {
  const publishedAtMs = clock.nowMs()
  const response = await client.post('v1/events', { json: { events: [event] }, throwHttpErrors: false })
  if (response.statusCode !== 202) {
    throw new Error(`the producer answered ${response.statusCode} to event ${event.eventId}: ${response.body}`)
  }
  return { event, publishedAtMs }
}
