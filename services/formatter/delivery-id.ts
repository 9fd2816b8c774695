import { hash } from 'node:crypto'
import type { Event } from '../domain/event/event.ts'

/**
 * The webhook-id of an event at a webhook: the same whatever is restarted or replayed (contract.md, section 4). A message
 * and its statuses may share an eventId, so a status adds its value; a message adds nothing, which keeps the ids that
 * messages had before (docs/decisions/0012). A JSON array joins the parts without ambiguity. A full SHA-256: whoever
 * chooses event ids cannot make two notifications pass for one.
 */
export function deliveryId({ type, event }: IdentifiedEvent, webhookId: string): string {
  const parts = [event.eventId, webhookId, ...(type === 'status' ? [event.status] : [])]
  return `msg_${hash('sha256', JSON.stringify(parts), 'base64url')}`
}

/** What of an event makes its id. */
export type IdentifiedEvent =
  | { type: 'message'; event: Pick<(Event & { type: 'message' })['event'], 'eventId'> }
  | { type: 'status'; event: Pick<(Event & { type: 'status' })['event'], 'eventId' | 'status'> }
