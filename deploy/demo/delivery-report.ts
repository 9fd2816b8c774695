import type { Arrival } from '../receiver/arrival.ts'
import { subjectOfEvent, subjectOfNotification } from '../receiver/notification.ts'
import type { HttpEvent } from './conversations/http-event.ts'

/** An event that the producer has taken. */
export type Published = {
  event: HttpEvent
  /** When it was sent to the producer, in milliseconds since the epoch. */
  publishedAtMs: number
}

/** The last line that `npm start -- --once` prints. */
export type Summary = {
  events: number
  /** Notifications that should arrive. */
  deliveries: number
  /** Those of them that have arrived, however often. */
  received: number
  missing: number
  /** From the start of the request to the producer until the notification was at the receiver; null when none arrived. */
  p50Ms: number | null
  p99Ms: number | null
}

export type Report = {
  summary: Summary
  /** What did not arrive, in words. */
  missing: string[]
  /** Notifications that came more than once, which at-least-once delivery allows. */
  repeated: number
  /** What must not be, a line each: wrong order, wrong signatures, notifications of nothing or of another content. */
  faults: string[]
}

/**
 * Compares what was published with what arrived. The webhooks want every kind, so each event makes exactly one notification.
 * Nothing here comes from the system's own counters.
 * @param arrivals in order of arrival.
 */
export function compare(published: Published[], arrivals: Arrival[]): Report {
  const expected = new Map(published.map((one, index) => [subjectOfEvent(one.event), { ...one, index }]))
  const firsts = new Map<string, Arrival>()
  const latestOfLane = new Map<string, number>()
  const latenciesMs: number[] = []
  const faults: string[] = []

  for (const arrival of arrivals) {
    const { notification } = arrival
    const subject = notification === null ? '' : subjectOfNotification(notification)
    const event = expected.get(subject)
    if (arrival.signature !== 'valid') faults.push(`${arrival.webhookId}: the signature is ${arrival.signature}`)
    if (notification === null || event === undefined) {
      faults.push(`${arrival.webhookId}: it tells of nothing that was published`)
      continue
    }
    const first = firsts.get(subject)
    if (first !== undefined) {
      if (first.webhookId !== arrival.webhookId)
        faults.push(`${arrival.webhookId}: first it came as ${first.webhookId}`)
      if (first.bodyHash !== arrival.bodyHash) faults.push(`${arrival.webhookId}: first it came with another body`)
      continue
    }
    firsts.set(subject, arrival)
    latenciesMs.push(arrival.arrivedAtMs - event.publishedAtMs)
    // Messages and statuses come by two topics (contract.md, section 4), and Kafka keeps order within each.
    const lane = `${arrival.path} ${notification.chatChannelId} ${notification.contactId} ${notification.type}`
    const latest = latestOfLane.get(lane) ?? -1
    if (event.index < latest) faults.push(`${arrival.webhookId}: it came after a later one of ${lane}`)
    latestOfLane.set(lane, Math.max(latest, event.index))
  }

  const summary = {
    events: published.length,
    deliveries: expected.size,
    received: firsts.size,
    missing: expected.size - firsts.size,
    p50Ms: percentile(latenciesMs, 50),
    p99Ms: percentile(latenciesMs, 99),
  }
  const missing = [...expected].filter(([subject]) => !firsts.has(subject))
  return {
    summary,
    missing: missing.map(([subject, { event }]) => `${subject} (event ${event.eventId})`),
    repeated: arrivals.filter(isRepeated(firsts)).length,
    faults,
  }
}

/** A question to ask often: whether nothing is missing any more. It compares only when something new has arrived. */
export function completionOf(published: Published[], arrivals: Arrival[]): () => boolean {
  let compared = -1
  let isComplete = false
  return () => {
    if (arrivals.length >= published.length && arrivals.length !== compared) {
      compared = arrivals.length
      isComplete = compare(published, arrivals).summary.missing === 0
    }
    return isComplete
  }
}

function isRepeated(firsts: Map<string, Arrival>): (arrival: Arrival) => boolean {
  const all = new Set(firsts.values())
  return (arrival) =>
    arrival.notification !== null && firsts.has(subjectOfNotification(arrival.notification)) && !all.has(arrival)
}

/** By nearest rank: the smallest value that at least `percent` % of the values do not exceed; null of no values. */
export function percentile(values: number[], percent: number): number | null {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.max(0, Math.ceil((percent / 100) * sorted.length) - 1)] ?? null
}
