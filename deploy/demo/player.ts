import got, { type Got } from 'got'
import type { Clock } from '../../services/platform/runtime/clock.ts'
import type { HttpEvent } from './conversations/http-event.ts'
import type { Published } from './delivery-report.ts'

export type PlayOptions = {
  producerUrl: string
  /** Needs the permission events:write. */
  token: string
  clock: Clock
  /** How many conversations are played at the same time. */
  concurrency?: number
  /** Pause between the events of a conversation. */
  pauseMs?: number
  /** Ends the playing early, between two events. */
  signal?: AbortSignal
}

/**
 * Publishes conversations through the producer. Within one, an event is sent when the one before it has been acknowledged:
 * the next message follows the last one, as with people.
 * @param conversations the events of each, in order.
 * @returns what the producer has taken; the events of a conversation in their order.
 * @throws Error when the producer refuses an event or does not answer in spite of retries.
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

function clientOf({ producerUrl, token }: PlayOptions): Got {
  return got.extend({
    prefixUrl: producerUrl,
    headers: { authorization: `Bearer ${token}` },
    timeout: { request: 30_000 },
    // A repeated event is the same event: its eventId is.
    retry: { limit: 5, methods: ['POST'], statusCodes: [429, 502, 503, 504] },
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
