import type {
  AttemptDetail,
  AttemptEntry,
  DeadLetterEntry,
  ErrorEntry,
  ListedDeadLetter,
  NewDelivery,
} from '../../domain/api/traffic.ts'
import type { Entry } from '../../domain/definition/definition-table.ts'
import type { Attempt, DeadLetter, Delivery } from '../../domain/delivery/delivery.ts'
import { shownHeaders } from '../../domain/delivery/request-headers.ts'
import type { AttemptError } from '../../domain/stats/stats.ts'
import type { Found } from '../records/newest-first.ts'

/** Attempts, errors and dead letters as the API shows them; times are ISO 8601. */

export function attemptView({ partition, offset, value }: Found<Attempt>): AttemptEntry {
  const { startedAt, deliveryId, eventId, kind, contactId, chatChannelId, attempt, outcome, cause, status } = value
  const { latencyMs, next, nextAttemptAt, replayId, test } = value
  const what = { deliveryId, eventId, kind, contactId, chatChannelId, attempt }
  const nextAt = nextAttemptAt === null ? null : toIsoTime(nextAttemptAt)
  const how = { outcome, cause, status, latencyMs, next, nextAttemptAt: nextAt, replayId, test }
  return { id: `${partition}-${offset}`, at: toIsoTime(startedAt), ...what, ...how }
}

/** @returns null if it is not the id of an attempt. */
export function parseAttemptId(id: string): { partition: number; offset: number } | null {
  const match = /^(\d{1,4})-(\d{1,15})$/.exec(id)
  return match ? { partition: Number(match[1]), offset: Number(match[2]) } : null
}

/**
 * The attempt with its request and the beginning of the answer.
 * @param entry the definition in force, if there is one; used only if the attempt was made with this very record.
 * @param delivery undefined after its retention.
 */
export function attemptDetail(
  found: Found<Attempt>,
  entry: Entry | undefined,
  delivery: Delivery | undefined,
): AttemptDetail {
  const { deliveryId, responseExcerpt, responseHeaders = null, definitionVersion, definitionOffset } = found.value
  const traceparent = delivery?.traceparent ?? null
  const same = entry?.offset === definitionOffset ? entry?.definition : undefined
  const request = {
    method: 'POST',
    url: same?.url ?? null,
    headers: shownHeaders({ deliveryId, traceparent }, found.value, same?.headers),
    body: delivery?.body.toString('utf8') ?? null,
  }
  return { ...attemptView(found), responseHeaders, excerpt: responseExcerpt, definitionVersion, request }
}

/** A notification in the form in which it can be sent. */
export function deliveryView({ deliveryId, kind, createdAt, traceparent, body }: Delivery): NewDelivery {
  return { deliveryId, kind, at: toIsoTime(createdAt), traceparent, body: body.toString('utf8') }
}

export function errorView({ at, ...error }: AttemptError): ErrorEntry {
  return { at: toIsoTime(at), ...error }
}

export function deadLetterView({ deadLetteredAt, reason, detail, delivery, attempts }: DeadLetter): DeadLetterEntry {
  const { deliveryId = null, contactId = null, kind = null } = delivery ?? {}
  return { at: toIsoTime(deadLetteredAt), reason, detail, deliveryId, contactId, kind, attempts: attempts.length }
}

/** @param delivered time of the delivery since, in milliseconds since the epoch, by id of the notification. */
export function listedLetterView(letter: DeadLetter, delivered: ReadonlyMap<string, number>): ListedDeadLetter {
  const deliveredAtMs = letter.delivery && delivered.get(letter.delivery.deliveryId)
  return { ...deadLetterView(letter), deliveredAt: deliveredAtMs == null ? null : toIsoTime(deliveredAtMs) }
}

export function toIsoTime(timeMs: number): string {
  return new Date(timeMs).toISOString()
}
