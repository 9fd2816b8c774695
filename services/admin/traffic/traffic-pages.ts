import type { Static } from 'typebox'
import { isContact } from '../../domain/api/personal.ts'
import type { AttemptEntry, ListedDeadLetter } from '../../domain/api/traffic.ts'
import type { WebhookDefinition } from '../../domain/definition/definition.ts'
import type { Attempt, DeadLetter } from '../../domain/delivery/delivery.ts'
import { isJoined } from '../../domain/delivery/outcome.ts'
import { readTimeMs } from '../../platform/json/time.ts'
import { clockSkewMs } from '../records/webhook-records.ts'
import { attemptView, listedLetterView } from './attempt-view.ts'
import { findDelivered, ReplayedDeliveries } from './delivered-since.ts'
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
  definition: WebhookDefinition,
  start: PageStart,
): Promise<TrafficPage<ListedDeadLetter>> {
  const { letters, next } = await readLetters(traffic, definition, start)
  const delivered = await findDelivered(traffic, placeOf(definition), letters)
  return { entries: letters.map((letter) => listedLetterView(letter, delivered)), next }
}

/** Runs a bounded read in a turn of its own. */
export type TakeTurn = <T>(read: (traffic: TrafficTopics) => Promise<T>) => Promise<T>

/** Creates a reader of all pages of a webhook's dead letters, newest first. */
export function createLetterReader(definition: WebhookDefinition) {
  const delivered = new ReplayedDeliveries(placeOf(definition))
  return async (turn: TakeTurn, start: PageStart): Promise<TrafficPage<ListedDeadLetter>> => {
    const { letters, next } = await turn((traffic) => readLetters(traffic, definition, start))
    const sinceMs = letters.reduce((min, { deadLetteredAt }) => Math.min(min, deadLetteredAt), Infinity)
    if (letters.length > 0) while (await turn((traffic) => delivered.readBack(traffic, sinceMs)));
    const found = delivered.find(letters)
    return { entries: letters.map((letter) => listedLetterView(letter, found)), next }
  }
}

async function readLetters(
  traffic: Pick<TrafficTopics, 'deadLetters'>,
  { id: webhookId, businessId }: WebhookDefinition,
  start: PageStart,
): Promise<{ letters: DeadLetter[]; next: number | null }> {
  // An unreadable record has no business, but its key is this webhook's id.
  const matches = ({ delivery }: DeadLetter) => delivery === null || delivery.businessId === businessId
  const { found, next } = await traffic.deadLetters({ ...start, webhookId, matches, sinceMs: null, untilMs: null })
  return { letters: found.map(({ value }) => value), next }
}

function placeOf({ id, businessId }: WebhookDefinition): { webhookId: string; businessId: string } {
  return { webhookId: id, businessId }
}

/** Times of the records of attempts that were started within a period. */
export function recordTimes(sinceMs: number | null, untilMs: number | null) {
  return {
    sinceMs: sinceMs === null ? null : sinceMs - clockSkewMs,
    untilMs: untilMs === null ? null : untilMs + recordedLaterMs,
  }
}

export function parseTime(value: string | undefined): number | null {
  return value === undefined ? null : readTimeMs(value)
}
