import type { Account } from '../domain/definition/definition.ts'
import type { Entry } from '../domain/definition/definition-table.ts'
import type { Delivery } from '../domain/delivery/delivery.ts'
import type { Event } from '../domain/event/event.ts'
import { formatBody } from '../domain/event/notification-body.ts'
import { deliveryId } from '../topics/delivery-id.ts'

/** Current webhooks and accounts. */
export type Tables = {
  findOwner(businessId: string, channel: string): Entry | undefined
  account(businessId: string): Account | undefined
}

/** Checked in this order; the first that applies is counted. */
export const skipReasons = ['unknown-channel', 'not-activated', 'disabled', 'unwanted'] as const

export type SkipReason = (typeof skipReasons)[number]

export type NotificationDecision = { kind: 'deliver'; delivery: Delivery } | { kind: 'skip'; reason: SkipReason }

/** What the record of an event says besides the event: its trace context, and when it was published. */
export type EventOrigin = { traceparent: string | null; publishedAt: number | null }

/** Decides which webhook is notified of an event, and with what: all rules between an event and its notification. */
export function decide(event: Event, tables: Tables, origin: EventOrigin, nowMs: number): NotificationDecision {
  const { eventId, businessId, chatChannelId, contactId } = event.event
  const owner = tables.findOwner(businessId, chatChannelId)
  if (!owner) return { kind: 'skip', reason: 'unknown-channel' }
  if (!tables.account(businessId)?.webhooksEnabled) return { kind: 'skip', reason: 'not-activated' }
  const { definition, offset } = owner
  if (!definition.enabled) return { kind: 'skip', reason: 'disabled' }
  const body = formatBody(event, definition.events)
  if (!body) return { kind: 'skip', reason: 'unwanted' }
  return {
    kind: 'deliver',
    delivery: {
      deliveryId: deliveryId(event, definition.id),
      webhookId: definition.id,
      businessId,
      eventId,
      kind: event.type,
      chatChannelId,
      contactId,
      body,
      traceparent: origin.traceparent,
      createdAt: nowMs,
      definitionVersion: definition.version,
      definitionOffset: offset,
      eventPublishedAt: origin.publishedAt,
    },
  }
}
