import type { Fate, FoundNotification } from '../../domain/api/notifications.ts'
import type { Rows } from './output.ts'

const fateWords: Record<Fate, string> = {
  formatting: 'being formatted',
  waiting: 'waiting',
  parked: 'parked',
  retrying: 'retrying',
  delivered: 'delivered',
  givenUp: 'given up',
  notSent: 'not sent',
  unknown: 'unknown',
}

/** Found notifications as a table for people. */
export function notificationRows(found: FoundNotification[]): Rows {
  return {
    head: ['AT', 'CONTACT', 'WEBHOOK', 'FATE', 'REASON', 'STATUS', 'ATTEMPTS', 'WHAT', 'DELIVERY'],
    rows: found.map((one) => [
      one.at,
      one.contactId,
      one.webhookName ?? '-',
      fateWords[one.fate],
      one.reason ?? '-',
      one.responseStatus ?? one.cause ?? '-',
      one.attempts,
      what(one),
      one.deliveryId ?? '-',
    ]),
    empty: 'Nothing found.',
  }
}

const maxTextLength = 40

function what({ status, from, text, messageIds }: FoundNotification): string {
  if (status !== null) return `${status}: ${messageIds[0] ?? ''}`
  if (text === null) return from ?? 'variables'
  return `${from}: ${text.length > maxTextLength ? `${text.slice(0, maxTextLength)}…` : text}`
}
