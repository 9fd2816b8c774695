import type { Event, Message } from '../../domain/event/event.ts'
import { deliveryId } from '../../topics/delivery-id.ts'

/** A query, prepared once so that each event is compared quickly. */
export type LookupQuery = {
  /** As typed, without the blanks around it: compared with ids. */
  id: string
  /** Without case and accents: searched in texts. */
  folded: string
  /** Digits of a phone number, compared with the end of the contact's; null if it does not look like one. */
  digits: string | null
}

/** Fewer digits than this are at the end of too many numbers. */
const minDigits = 3

export function readQuery(typed: string): LookupQuery {
  const id = typed.trim()
  const digits = /^[\d\s+().\-/]+$/.test(id) ? digitsOf(id) : ''
  return { id, folded: fold(id), digits: digits.length >= minDigits ? digits : null }
}

/**
 * Whether the query names the event: by its contact, its id, the id of one of its messages, its client payload, the
 * webhook-id of a notification of it, or a part of its texts.
 * @param findWebhooks ids of the webhooks that may have been notified of it.
 */
export function matchesQuery(event: Event, query: LookupQuery, findWebhooks: () => readonly string[]): boolean {
  const { id, folded, digits } = query
  if (identifiersOf(event).includes(id)) return true
  if (digits !== null && digitsOf(event.event.contactId).endsWith(digits)) return true
  if (notificationId.test(id) && findWebhooks().some((webhookId) => deliveryId(event, webhookId) === id)) return true
  return folded !== '' && textsOf(event).some((text) => text !== null && fold(text).includes(folded))
}

const notificationId = /^msg_[\w-]{43}$/

/** Ids of the messages that an event is about. */
export function messageIdsOf({ type, event }: Event): string[] {
  return type === 'message' ? event.messages.map(({ id }) => id) : [event.messageId]
}

function identifiersOf(event: Event): string[] {
  return [event.event.eventId, event.event.contactId, ...messageIdsOf(event)]
}

function textsOf({ type, event }: Event): (string | null)[] {
  if (type === 'status') return [event.clientPayload]
  const name = `${event.firstName ?? ''} ${event.lastName ?? ''}`
  return [name, ...event.messages.flatMap(messageTexts)]
}

function messageTexts({ message, caption, button, fromName }: Message): (string | null)[] {
  return [message, caption, button, fromName]
}

function digitsOf(text: string): string {
  return text.replace(/\D/g, '')
}

/** Letters without case and accents: "Perú" is found by "peru". */
function fold(text: string): string {
  return text.normalize('NFD').replace(/\p{M}/gu, '').toLowerCase()
}
