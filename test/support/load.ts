import type { HttpEvent } from '../../deploy/demo/conversations/http-event.ts'
import type { Published } from '../../deploy/demo/delivery-report.ts'
import { systemClock } from '../../services/platform/runtime/clock.ts'
import type { TestStack } from './services.ts'

/** One contact at one channel, whose events are in order. */
export type LoadLane = { channel: string; contactId: string }

export type LoadOptions = {
  lanes: LoadLane[]
  /** Events a second, all lanes together. */
  perSecond: number
  /** Ends by itself when every lane has had this many; otherwise stop() ends it. */
  eventsPerLane?: number
  /** Concurrent requests. */
  workers?: number
  /** Events in one request, of different lanes as far as there are enough. */
  eventsPerRequest?: number
  /** The event of a lane with this number, from 0; by default a message of the user. */
  eventOf?: (lane: LoadLane, number: number, businessId: string) => HttpEvent
}

/**
 * Events on their way to the producer. Those answered with 202 are the sender's list, the oracle of every guarantee.
 */
export type Load = {
  acknowledged: Published[]
  /** Resolves when every lane has had its events. */
  done: Promise<Published[]>
  /** Ends it between two requests; resolves with everything acknowledged. */
  stop(): Promise<Published[]>
}

/** Time after which a request that is not accepted fails the test: longer than any fault of a test. */
const giveUpMs = 400_000
const retryMs = 200
const requestTimeoutMs = 30_000
const time = '2026-03-01T12:00:00.000Z'

/** Publishes until it is stopped. A request that is not answered with 202 is repeated, as a bot runtime would. */
export function startLoad(world: Pick<TestStack, 'stack' | 'token' | 'businessId'>, options: LoadOptions): Load {
  const { lanes, perSecond, eventsPerLane = Number.POSITIVE_INFINITY, workers = 8, eventsPerRequest = 10 } = options
  const eventOf = options.eventOf ?? messageOf
  const acknowledged: Published[] = []
  const startMs = systemClock.monotonicMs()
  const stopping = new AbortController()
  let sent = 0
  const work = async (own: LoadLane[]) => {
    const total = own.length * eventsPerLane
    for (let position = 0; position < total && !stopping.signal.aborted; ) {
      const end = Math.min(position + Math.min(eventsPerRequest, own.length), total)
      const events: HttpEvent[] = []
      for (; position < end; position++) {
        const lane = own[position % own.length]
        if (lane) events.push(eventOf(lane, Math.floor(position / own.length), world.businessId))
      }
      sent += events.length
      acknowledged.push(...(await publish(world, events)))
      const aheadMs = startMs + (sent / perSecond) * 1_000 - systemClock.monotonicMs()
      if (aheadMs > 0) await systemClock.sleep(aheadMs, stopping.signal)
    }
  }
  const shares = Array.from({ length: Math.min(workers, lanes.length) }, (_unused, worker) =>
    lanes.filter((_lane, index) => index % Math.min(workers, lanes.length) === worker),
  )
  const done = Promise.all(shares.map(work)).then(() => acknowledged)
  // The failure is reported to whoever awaits this; until then it must not count as unhandled.
  done.catch(() => undefined)
  return {
    acknowledged,
    done,
    stop() {
      stopping.abort()
      return done
    },
  }
}

/** Contacts, spread evenly over the channels. */
export function lanesOf(channels: string[], contacts: number): LoadLane[] {
  return Array.from({ length: contacts }, (_unused, index) => ({
    channel: channels[index % channels.length] ?? '',
    contactId: `contact-${index}`,
  }))
}

/** A message of the user, the event that every webhook of a test selects. */
export function messageOf(
  { channel, contactId }: LoadLane,
  number: number | string,
  businessId: string,
  text = `message ${number}`,
): HttpEvent {
  const id = `${channel}-${contactId}-${number}`
  return {
    type: 'message',
    eventId: `${businessId}-${id}`,
    businessId,
    chatPlatform: 'webchat',
    chatChannelId: channel,
    contactId,
    chatIdInChatPlatform: contactId,
    customerId: contactId,
    customerCreationTime: time,
    sessionCreationTime: time,
    messages: [{ id, date: time, from: 'user', fromName: 'Ana', message: text }],
  }
}

/** Sends events in one request until the producer accepts them. @throws Error if it refuses them. */
export async function publish(
  { stack, token }: Pick<TestStack, 'stack' | 'token'>,
  events: HttpEvent[],
): Promise<Published[]> {
  const publishedAtMs = systemClock.nowMs()
  const giveUpAtMs = systemClock.monotonicMs() + giveUpMs
  for (;;) {
    const answer = await post(`${stack.service('producer').url}/v1/events`, token, events)
    if (answer.status === 202) return events.map((event) => ({ event, publishedAtMs }))
    if (answer.status !== 0 && answer.status !== 429 && answer.status < 500)
      throw new Error(`the producer answered ${answer.status}: ${answer.text}`)
    if (systemClock.monotonicMs() > giveUpAtMs) throw new Error(`no 202 within ${giveUpMs} ms; last: ${answer.text}`)
    await systemClock.sleep(retryMs)
  }
}

async function post(url: string, token: string, events: HttpEvent[]): Promise<{ status: number; text: string }> {
  try {
    const response = await fetch(url, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      body: JSON.stringify({ events }),
      signal: AbortSignal.timeout(requestTimeoutMs),
    })
    return { status: response.status, text: await response.text() }
  } catch (error) {
    // The service was not reachable, disconnected, or was too slow: the events may have been accepted or not.
    return { status: 0, text: String(error) }
  }
}
