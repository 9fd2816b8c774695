import { hash } from 'node:crypto'

/**
 * The webhook-id of an event at a webhook: the same whatever is restarted or replayed (contract.md, section 4). A JSON array
 * joins the two without ambiguity. A full SHA-256: whoever chooses event ids cannot make two notifications pass for one.
 */
export function deliveryId(eventId: string, webhookId: string): string {
  return `msg_${hash('sha256', JSON.stringify([eventId, webhookId]), 'base64url')}`
}
