import type { ReceivedRequest } from '../receiver/arrival.ts'
import { subjectOfEvent, subjectOfNotification } from '../receiver/notification.ts'
import type { HttpEvent } from './conversations/http-event.ts'

/** An event that the producer has acknowledged. */
export type Published = {
  event: HttpEvent
  /** Time of sending it to the producer, in milliseconds since the epoch. */
  publishedAtMs: number
}

/** The last line that `npm start -- --once` prints. */
export type Summary = {
  events: number
  /** Number of notifications that should arrive. */
  deliveries: number
  /** Number of those that have arrived, repetitions not counted. */
  received: number
  missing: number
  /** Latencies from the start of the producer's request to the arrival at the receiver; null if nothing arrived. */
  p50Ms: number | null
  p99Ms: number | null
}

export type Report = {
  summary: Summary
  /** Missing notifications, in words. */
  missing: string[]
  /** Number of repeated notifications, which at-least-once delivery allows. */
  repeated: number
  /** Number of notifications that first arrived after a later one of the same contact; each is a fault, too. */
  inversions: number
  /** Violations, one line each: wrong order, wrong signatures, unknown notifications or different content. */
  faults: string[]
}

/**
 * Compares published events with arrivals. The webhooks select every kind, so each event makes exactly one
 * notification. The system's own counters are not used.
 * @param arrivals in order of arrival.
 */
export function compare(published: Published[], arrivals: ReceivedRequest[]): Report {
  const expected = new Map(published.map((one, index) => [subjectOfEvent(one.event), { ...one, index }]))
  const firsts = new Map<string, ReceivedRequest>()
  const latestOfLane = new Map<string, number>()
  const latenciesMs: number[] = []
  const faults: string[] = []
  let inversions = 0

  for (const arrival of arrivals) {
    const { notification } = arrival
    const subject = notification === null ? '' : subjectOfNotification(notification)
    const event = expected.get(subject)
    if (arrival.signature !== 'valid') faults.push(`${arrival.webhookId}: the signature is ${arrival.signature}`)
    if (notification === null || event === undefined) {
      faults.push(`${arrival.webhookId}: it matches no published event`)
      continue
    }
    const first = firsts.get(subject)
    if (first !== undefined) {
      if (first.webhookId !== arrival.webhookId)
        faults.push(`${arrival.webhookId}: its first id was ${first.webhookId}`)
      if (first.bodyHash !== arrival.bodyHash) faults.push(`${arrival.webhookId}: its body differs from the first one`)
      continue
    }
    firsts.set(subject, arrival)
    latenciesMs.push(arrival.arrivedAtMs - event.publishedAtMs)
    // Messages and statuses use two topics (contract.md, section 4), and Kafka keeps order only within each.
    const lane = `${arrival.path} ${notification.chatChannelId} ${notification.contactId} ${notification.type}`
    const latest = latestOfLane.get(lane) ?? -1
    if (event.index < latest) {
      inversions++
      faults.push(`${arrival.webhookId}: it arrived after a later one of ${lane}`)
    }
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
    inversions,
    faults,
  }
}

/** Tells whether everything has arrived; cheap to call often, because it compares only after a new arrival. */
export function completionOf(published: Published[], arrivals: ReceivedRequest[]): () => boolean {
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

function isRepeated(firsts: Map<string, ReceivedRequest>): (arrival: ReceivedRequest) => boolean {
  const all = new Set(firsts.values())
  return (arrival) =>
    arrival.notification !== null && firsts.has(subjectOfNotification(arrival.notification)) && !all.has(arrival)
}

/**
 * Percentile by nearest rank: the smallest value that at least `percent` % of the values do not exceed; null without
 * values.
 */
export function percentile(values: number[], percent: number): number | null {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.max(0, Math.ceil((percent / 100) * sorted.length) - 1)] ?? null
}
