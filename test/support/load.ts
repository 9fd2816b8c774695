import type { HttpEvent } from '../../deploy/demo/conversations/http-event.ts'
import type { Published } from '../../deploy/demo/delivery-report.ts'
import { systemClock } from '../../services/platform/runtime/clock.ts'
import type { TestStack } from './services.ts'

/** One contact at one channel: its events are in order. */
export type LoadLane = { channel: string; contactId: string }

export type LoadOptions = {
  lanes: LoadLane[]
  /** Events a second, all lanes together. */
  perSecond: number
  /** Ends by itself when every lane has had so many; without it, stop() ends it. */
  eventsPerLane?: number
  /** Requests at the same time. */
  workers?: number
  /** Events in one request, each of another lane as far as there are so many. */
  eventsPerRequest?: number
  /** The event of a lane with that number, from 0; by default a message of the user's. */
  eventOf?: (lane: LoadLane, number: number, businessId: string) => HttpEvent
}

/** Events on their way to the producer. What it has answered 202 for is the sender's list: the oracle of every guarantee. */
export type Load = {
  acknowledged: Published[]
  /** Resolves when every lane has had its events. */
  done: Promise<Published[]>
  /** Ends it between two requests; resolves with all that was acknowledged. */
  stop(): Promise<Published[]>
}

/** Longer than any fault that a test makes: a request that nobody takes in this time fails the test. */
const giveUpMs = 400_000
const retryMs = 200
const requestTimeoutMs = 30_000
const time = '2026-03-01T12:00:00.000Z'

/** Publishes until told to stop. A request that is not answered with 202 is sent again, as a bot runtime would. */
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
  // Whoever awaits it hears of a failure; until then it is not unhandled.
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

/** Contacts spread evenly over the channels. */
export function lanesOf(channels: string[], contacts: number): LoadLane[] {
  return Array.from({ length: contacts }, (_unused, index) => ({
    channel: channels[index % channels.length] ?? '',
    contactId: `contact-${index}`,
  }))
}

/** A message of the user's: the event that every webhook of a test wants. */
export function messageOf({ channel, contactId }: LoadLane, number: number, businessId: string): HttpEvent {
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
    messages: [{ id, date: time, from: 'user', fromName: 'Ana', message: `message ${number}` }],
  }
}

/** Sends events in one request until the producer takes them. @throws Error when it refuses them. */
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
    // Not there, gone in the middle of it, or too slow: it may have taken them or not.
    return { status: 0, text: String(error) }
  }
}
