import type { Static } from 'typebox'
import { isContact } from '../../domain/api/personal.ts'
import type { AttemptEntry, ListedDeadLetter } from '../../domain/api/traffic.ts'
import type { WebhookDefinition } from '../../domain/definition/definition.ts'
import type { Attempt, DeadLetter } from '../../domain/delivery/delivery.ts'
import { isJoined } from '../../domain/delivery/outcome.ts'
import { clockSkewMs } from '../records/webhook-records.ts'
import { attemptView, listedLetterView } from './attempt-view.ts'
import { findDelivered } from './delivered-since.ts'
import type { AttemptFilters } from './stats-routes.ts'
import type { TrafficTopics } from './traffic-topics.ts'

/** Pages of a webhook's attempts and dead letters, for lists and exports. */

export type PageStart = {
  limit: number
  /** Offset at which the previous page ended; null to start at the end of the topic. */
  before: number | null
}

/** @param next `before` of the next page; null on the last one. */
export type TrafficPage<T> = { entries: T[]; next: number | null }

/** Longest time between the start of an attempt and its record, which another machine writes after its end. */
const recordedLaterMs = 90_000

export async function readAttemptPage(
  traffic: Pick<TrafficTopics, 'attempts'>,
  { id: webhookId, businessId }: WebhookDefinition,
  filters: Static<typeof AttemptFilters>,
  start: PageStart,
): Promise<TrafficPage<AttemptEntry>> {
  const { outcome, cause, status, contactId, deliveryId, test } = filters
  const [sinceMs, untilMs] = [parseTime(filters.since), parseTime(filters.until)]
  const matches = (attempt: Attempt) =>
    attempt.businessId === businessId &&
    (outcome === undefined || attempt.outcome === outcome) &&
    (cause === undefined || attempt.cause === cause) &&
    (status === undefined || attempt.status === status) &&
    // One for each message of a webhook that buffers them would hide the requests.
    (deliveryId !== undefined || cause !== undefined || !isJoined(attempt)) &&
    (contactId === undefined || isContact(attempt.contactId, contactId)) &&
    (deliveryId === undefined || attempt.deliveryId === deliveryId) &&
    (test === undefined || attempt.test === test) &&
    (sinceMs === null || attempt.startedAt >= sinceMs) &&
    (untilMs === null || attempt.startedAt < untilMs)
  const { found, next } = await traffic.attempts({ ...start, webhookId, matches, ...recordTimes(sinceMs, untilMs) })
  return { entries: found.map(attemptView), next }
}

export async function readLetterPage(
  traffic: Pick<TrafficTopics, 'attempts' | 'deadLetters'>,
  { id: webhookId, businessId }: WebhookDefinition,
  start: PageStart,
): Promise<TrafficPage<ListedDeadLetter>> {
  // An unreadable record has no business, but its key is this webhook's id.
  const matches = ({ delivery }: DeadLetter) => delivery === null || delivery.businessId === businessId
  const { found, next } = await traffic.deadLetters({ ...start, webhookId, matches, sinceMs: null, untilMs: null })
  const letters = found.map(({ value }) => value)
  const delivered = await findDelivered(traffic, { webhookId, businessId }, letters)
  return { entries: letters.map((letter) => listedLetterView(letter, delivered)), next }
}

/** Times of the records of attempts that were started within a period. */
export function recordTimes(sinceMs: number | null, untilMs: number | null) {
  return {
    sinceMs: sinceMs === null ? null : sinceMs - clockSkewMs,
    untilMs: untilMs === null ? null : untilMs + recordedLaterMs,
  }
}

export function parseTime(value: string | undefined): number | null {
  return value === undefined ? null : Date.parse(value)
}
