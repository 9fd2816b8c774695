import type { Account } from '../domain/definition/definition.ts'
import type { Entry } from '../domain/definition/definition-table.ts'
import type { Delivery } from '../domain/delivery/delivery.ts'
import type { Event } from '../domain/event/event.ts'
import { type EventOrigin, newDelivery } from '../topics/events/new-delivery.ts'

/** Current webhooks and accounts. */
export type Tables = {
  findOwner(businessId: string, channel: string): Entry | undefined
  account(businessId: string): Account | undefined
}

/** Checked in this order; the first that applies is counted. Searches in admin follow it (services/admin/lookup). */
export const skipReasons = ['unknown-channel', 'not-activated', 'disabled', 'unwanted'] as const

export type SkipReason = (typeof skipReasons)[number]

export type NotificationDecision = { kind: 'deliver'; delivery: Delivery } | { kind: 'skip'; reason: SkipReason }

/** Decides which webhook is notified of an event, and with what: all rules between an event and its notification. */
export function decide(event: Event, tables: Tables, origin: EventOrigin, nowMs: number): NotificationDecision {
  const { businessId, chatChannelId } = event.event
  const owner = tables.findOwner(businessId, chatChannelId)
  if (!owner) return { kind: 'skip', reason: 'unknown-channel' }
  if (!tables.account(businessId)?.webhooksEnabled) return { kind: 'skip', reason: 'not-activated' }
  if (!owner.definition.enabled) return { kind: 'skip', reason: 'disabled' }
  const delivery = newDelivery(event, owner, origin, nowMs)
  return delivery ? { kind: 'deliver', delivery } : { kind: 'skip', reason: 'unwanted' }
}
