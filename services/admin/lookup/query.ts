import { isContact, maskContact } from '../../domain/api/personal.ts'
import type { Event, Message } from '../../domain/event/event.ts'
import { deliveryId } from '../../topics/delivery-id.ts'

/** A query, prepared once so that each event is compared quickly. */
export type LookupQuery = {
  /** The query as typed, without surrounding blanks: compared with ids. */
  id: string
  /** The query if it is a webhook-id, and those that it stands for. */
  notificationIds: string[]
  /** The query as fold changes it: searched in texts. */
  folded: string
  /**
   * Digits of the query, compared with the end of the contact's phone number; null if the query does not look like one.
   */
  digits: string | null
  /** Whether texts are searched, and all digits of contacts rather than those that are shown masked. */
  isOpen: boolean
}

/** Minimum digits of a phone number: fewer are at the end of too many numbers. */
const minDigits = 3

/**
 * @param isOpen whether the viewer may read bodies. Otherwise a search must not tell what is in them: neither by a text,
 * nor by one more digit of a contact with each search.
 */
export function readQuery(typed: string, isOpen: boolean): LookupQuery {
  const id = typed.trim()
  const digits = /^[\d\s+().\-/]+$/.test(id) ? digitsOf(id) : ''
  const notificationIds = isNotificationId(id) ? [id] : []
  return { id, notificationIds, folded: fold(id), digits: digits.length >= minDigits ? digits : null, isOpen }
}

/**
 * Whether the query names the event: by its contact, its id, the id of one of its messages, the webhook-id of a
 * notification of it, or, if the viewer may read bodies, its client payload or a part of its texts.
 * @param findWebhooks ids of the webhooks that may have been notified of it.
 */
export function matchesQuery(event: Event, query: LookupQuery, findWebhooks: () => readonly string[]): boolean {
  const { id, notificationIds, folded, digits, isOpen } = query
  const { contactId } = event.event
  if (listIdentifiers(event).includes(id) || isContact(contactId, id)) return true
  if (digits !== null && hasDigits(contactId, digits, isOpen)) return true
  const isOneOf = (webhookId: string) => notificationIds.includes(deliveryId(event, webhookId))
  if (notificationIds.length > 0 && findWebhooks().some(isOneOf)) return true
  return isOpen && folded !== '' && listTexts(event).some((text) => text !== null && fold(text).includes(folded))
}

export function isNotificationId(id: string): boolean {
  return /^msg_[\w-]{43}$/.test(id)
}

/** Ids of the messages that an event is about. */
export function listMessageIds({ type, event }: Event): string[] {
  return type === 'message' ? event.messages.map(({ id }) => id) : [event.messageId]
}

function listIdentifiers(event: Event): string[] {
  return [event.event.eventId, ...listMessageIds(event)]
}

function hasDigits(contactId: string, digits: string, isOpen: boolean): boolean {
  const all = digitsOf(contactId)
  return isOpen ? all.endsWith(digits) : all === digits || digitsOf(maskContact(contactId)).endsWith(digits)
}

function listTexts({ type, event }: Event): (string | null)[] {
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

/** Letters without case and accents, blanks and line breaks as one blank: "Perú" is found by "peru". */
function fold(text: string): string {
  return text.normalize('NFD').replace(/\p{M}/gu, '').replace(/\s+/g, ' ').toLowerCase()
}
