import type { Entry } from '../../../domain/definition/definition-table.ts'
import { limits } from '../../../domain/event/event-limits.ts'
import { newDelivery } from '../../../topics/events/new-delivery.ts'
import { clockSkewMs } from '../../records/webhook-records.ts'
import { IdTable } from '../id-table.ts'
import { maxStandings, TooMany } from '../replay-status.ts'
import type { ReplayScans } from '../replay-topics.ts'
import type { EventPartition, EventPeriod } from './event-scans.ts'
import { Selected, type SelectedDelivery } from './replay-selected.ts'

/** Whether the webhook owns a channel of its business. */
export type OwnsChannel = (channel: string) => boolean

/**
 * First pass of a back-fill: finds the events of a period that became no notification of the webhook and would become
 * one as it is configured now. What the formatter has not finished yet is left to it.
 * @throws TooMany
 */
export async function findSkipped(
  scans: ReplayScans,
  entry: Entry,
  owns: OwnsChannel,
  period: EventPeriod,
  nowMs: number,
): Promise<Selected<EventPartition>> {
  const { id: webhookId, businessId } = entry.definition
  // The commits come first: everything that these events have become is in the topics by then.
  const formatted = await scans.formatted()
  using known = await findKnown(scans, webhookId, businessId, period.sinceMs - clockSkewMs)
  const selected = new Selected<EventPartition>()
  await scans.events(
    formatted,
    period,
    (head) => head.businessId === businessId && owns(head.chatChannelId),
    ({ event, origin }, source, place) => {
      const delivery = newDelivery(event, entry, origin, nowMs)
      if (!delivery || delivery.body.length > limits.maxNotificationBytes) return
      if (known.find(delivery.deliveryId) >= 0) return
      // An event may have been published twice.
      known.add(delivery.deliveryId)
      if (known.size > maxStandings) throw new TooMany(`more than ${maxStandings} notifications to look at`)
      selected.add(source, { contactId: delivery.contactId, createdAt: origin.publishedAt ?? 0 }, place)
    },
  )
  return selected
}

/**
 * Second pass: the notifications of selected events, oldest first. Those that the topic has deleted meanwhile are left
 * out.
 */
export function chunksOfSkipped(
  selected: Selected<EventPartition>,
  scans: Pick<ReplayScans, 'readEvents'>,
  entry: Entry,
  nowMs: number,
): AsyncGenerator<SelectedDelivery[]> {
  return selected.chunks(async (source, range, wanted, onDelivery) => {
    await scans.readEvents(source, range, wanted, ({ event, origin }, offset) => {
      const delivery = newDelivery(event, entry, origin, nowMs)
      if (delivery) onDelivery(delivery, offset)
    })
  })
}

/** Ids of the webhook's notifications that exist already, or that a running replay is sending. */
async function findKnown(scans: ReplayScans, webhookId: string, businessId: string, sinceMs: number): Promise<IdTable> {
  const known = new IdTable()
  const add = (delivery: { deliveryId: string; businessId: string } | null) => {
    if (delivery?.businessId === businessId) known.add(delivery.deliveryId)
  }
  await scans.deliveries(webhookId, sinceMs, add)
  await scans.deadLetters(webhookId, sinceMs, ({ delivery }) => add(delivery))
  await scans.attempts(webhookId, sinceMs, (attempt) => {
    if (!attempt.test) add(attempt)
  })
  const stopped = new Set<string>()
  await scans.replays(webhookId, sinceMs, noop, (replayId) => stopped.add(replayId))
  await scans.replays(
    webhookId,
    sinceMs,
    ({ replayId, delivery }) => {
      if (replayId === null || !stopped.has(replayId)) add(delivery)
    },
    noop,
  )
  return known
}

function noop(): void {}
