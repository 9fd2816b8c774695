import { hash } from 'node:crypto'
import type { Event } from '../domain/event/event.ts'

/**
 * The webhook-id of an event at a webhook. It stays the same after restarts and replays (contract.md, section 4). A
 * message and its statuses may share an eventId, so a status adds its value; a message adds nothing, which keeps its
 * ids as they were before (docs/decisions/0012). A JSON array joins the parts unambiguously. The full SHA-256 prevents
 * a sender who chooses event ids from giving two notifications the same id.
 */
export function deliveryId({ type, event }: IdentifiedEvent, webhookId: string): string {
  const parts = [event.eventId, webhookId, ...(type === 'status' ? [event.status] : [])]
  return `msg_${hash('sha256', JSON.stringify(parts), 'base64url')}`
}

/** The part of an event that determines its id. */
export type IdentifiedEvent =
  | { type: 'message'; event: Pick<(Event & { type: 'message' })['event'], 'eventId'> }
  | { type: 'status'; event: Pick<(Event & { type: 'status' })['event'], 'eventId' | 'status'> }
