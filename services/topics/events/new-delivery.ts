import type { Entry } from '../../domain/definition/definition-table.ts'
import type { Delivery } from '../../domain/delivery/delivery.ts'
import type { Event } from '../../domain/event/event.ts'
import { formatBody } from '../../domain/event/notification-body.ts'
import { deliveryId } from '../delivery-id.ts'

/** Trace context of an event's record, and when it was published. */
export type EventOrigin = { traceparent: string | null; publishedAt: number | null }

/**
 * Makes the notification of an event for a webhook: by the formatter as the event comes, by a back-fill afterwards.
 * @returns null if the webhook selects nothing of the event.
 */
export function newDelivery(
  event: Event,
  { definition, offset }: Entry,
  { traceparent, publishedAt }: EventOrigin,
  nowMs: number,
): Delivery | null {
  const { eventId, businessId, chatChannelId, contactId } = event.event
  const body = formatBody(event, definition.events)
  if (!body) return null
  return {
    deliveryId: deliveryId(event, definition.id),
    webhookId: definition.id,
    businessId,
    eventId,
    kind: event.type,
    chatChannelId,
    contactId,
    body,
    traceparent,
    createdAt: nowMs,
    definitionVersion: definition.version,
    definitionOffset: offset,
    eventPublishedAt: publishedAt,
  }
}
