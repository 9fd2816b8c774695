import { deliveryId } from '../../../services/topics/delivery-id.ts'
import type { Evidence } from './judge.ts'

type Step = { lane: string; id: string }

/**
 * First notifications of a contact's events are written in the order of the events, and first requests follow in the
 * order of the notifications, for each webhook.
 */
export function findDisorder(evidence: Evidence, violation: (what: string) => void): void {
  const { plan, published, deliveries, receivers, joined, replayOf } = evidence
  const contacts = new Map(deliveries.map(({ value }) => [value.deliveryId, value.contactId]))
  const owners = new Map(plan.webhooks.flatMap(({ id, channels }) => channels.map((channel) => [channel, id] as const)))
  const events = published.events.map(({ planned: { channel, contact, kind }, event }) => {
    const webhookId = owners.get(channel) as string
    return { lane: `${webhookId} ${contact} ${kind}`, id: deliveryId(event, webhookId) }
  })
  const written = deliveries.map(({ value }) => ({ lane: laneOf(value), id: value.deliveryId, kind: value.kind }))
  const ofKind = written.map(({ lane, id, kind }) => ({ lane: `${lane} ${kind}`, id }))
  for (const late of overtaken(events, ofKind)) violation(`written out of order: ${late}`)
  const sent = receivers.log
    .filter((request) => replayOf(request) === null)
    .sort((a, b) => a.startedMs - b.startedMs)
    .flatMap(({ webhookId, deliveryId }) =>
      (joined.get(deliveryId)?.members ?? [deliveryId]).map((id) => {
        return { lane: laneOf({ webhookId, contactId: contacts.get(id) ?? '' }), id }
      }),
    )
  for (const late of overtaken(written, sent)) violation(`sent out of order: ${late}`)
}

function laneOf({ webhookId, contactId }: { webhookId: string; contactId: string }): string {
  return `${webhookId} ${contactId}`
}

/** First steps that came after the first step of a later one in the same lane. */
function overtaken(order: readonly Step[], steps: readonly Step[]): string[] {
  const ranks = new Map<string, number>()
  for (const { id } of order) if (!ranks.has(id)) ranks.set(id, ranks.size)
  const latest = new Map<string, { rank: number; id: string }>()
  const seen = new Set<string>()
  const found: string[] = []
  for (const { lane, id } of steps) {
    if (seen.has(id)) continue
    seen.add(id)
    const rank = ranks.get(id) ?? -1
    const before = latest.get(lane)
    if (before && rank < before.rank) found.push(`${id} after ${before.id} of ${lane}`)
    else latest.set(lane, { rank, id })
  }
  return found
}
