import type { FoundNotification, NotificationStory } from '../../domain/api/notifications.ts'
import type { Entry } from '../../domain/definition/definition-table.ts'
import type { Event } from '../../domain/event/event.ts'
import { attemptDetail, deadLetterView, toIsoTime } from '../traffic/attempt-view.ts'
import type { FoundEvent } from './event-search.ts'
import type { NotificationFacts } from './fate/facts.ts'
import type { DecidedFate } from './fate/fate.ts'
import { writeNotificationId } from './lookup-cursor.ts'
import { listMessageIds } from './query.ts'

/** Results of a search as the API shows them; times are ISO 8601. */

const maxMessageIds = 10
const maxTextLength = 200
const maxTries = 200

/** An event, and the webhook that was, or was not, notified of it. */
export type JudgedEvent = {
  found: FoundEvent
  webhookId: string | null
  webhookName: string | null
  /** Null if no webhook owned the channel. */
  facts: NotificationFacts | null
  fate: DecidedFate
}

export function notificationView({ found, webhookId, webhookName, facts, fate }: JudgedEvent): FoundNotification {
  const { event, publishedAtMs } = found
  const { eventId, chatPlatform, chatChannelId, contactId } = event.event
  const latest = facts?.attempts.at(-1)?.value
  return {
    id: writeNotificationId(found, webhookId),
    at: toIsoTime(publishedAtMs),
    eventId,
    kind: event.type,
    status: event.type === 'status' ? event.event.status : null,
    chatPlatform,
    chatChannelId,
    contactId,
    ...readContent(event),
    messageIds: listMessageIds(event).slice(0, maxMessageIds),
    webhookId,
    webhookName,
    deliveryId: facts?.delivery ? facts.deliveryId : null,
    fate: fate.fate,
    reason: fate.reason,
    fateAt: fate.atMs === null ? null : toIsoTime(fate.atMs),
    attempts: facts?.attempts.length ?? 0,
    outcome: latest?.outcome ?? null,
    responseStatus: latest?.status ?? null,
    cause: latest?.cause ?? null,
    nextAttemptAt: fate.nextAttemptAtMs === null ? null : toIsoTime(fate.nextAttemptAtMs),
  }
}

function readContent({ type, event }: Event): Pick<FoundNotification, 'contactName' | 'from' | 'text'> {
  if (type === 'status') return { contactName: null, from: null, text: null }
  const name = [event.firstName, event.lastName].filter(Boolean).join(' ')
  const texts = event.messages.map(({ message, caption, button }) => message || caption || button)
  const text = texts.find(Boolean) ?? null
  const shown = text && text.length > maxTextLength ? `${text.slice(0, maxTextLength).toWellFormed()}…` : text
  return { contactName: name || null, from: event.messages[0]?.from ?? null, text: shown }
}

/** @param entry the webhook's definition in force; undefined if it has been deleted. */
export function storyView(judged: JudgedEvent, entry: Entry | undefined, isComplete: boolean): NotificationStory {
  const { found, facts } = judged
  const delivery = facts?.delivery ?? undefined
  const attempts = facts?.attempts.slice(-maxTries) ?? []
  return {
    ...notificationView(judged),
    event: eventView(found.event),
    body: delivery?.body.toString('utf8') ?? null,
    formattedAt: delivery ? toIsoTime(delivery.createdAt) : null,
    definitionVersion: delivery?.definitionVersion ?? null,
    tries: attempts.map((attempt) => attemptDetail(attempt, entry, delivery)),
    deadLetters: facts?.letters.map(deadLetterView) ?? [],
    replays: facts?.replays.map(({ replayId, atMs }) => ({ replayId, at: toIsoTime(atMs) })) ?? [],
    isComplete,
  }
}

/** The event as it can be published over HTTP; absent fields are left out. */
function eventView({ type, event }: Event): Record<string, unknown> {
  const text = JSON.stringify({ type, ...event }, (key, value) => {
    if (value === null) return undefined
    return timeFields.has(key) && typeof value === 'number' ? toIsoTime(value) : value
  })
  return JSON.parse(text)
}

const timeFields = new Set(['date', 'customerCreationTime', 'sessionCreationTime', 'statusChangeTime'])
