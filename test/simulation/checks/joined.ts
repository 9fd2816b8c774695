import type { Delivery } from '../../../services/domain/delivery/delivery.ts'
import { joinBodies } from '../../../services/domain/event/joined-body.ts'
import type { Evidence } from './judge.ts'

/** A notification that stands for messages, by the records of it in webhook-replays. */
export type JoinedNotification = { members: readonly string[]; isOfOwner: boolean; delivery: Delivery }

/**
 * Each message of a webhook that buffers them is in one notification, which has the bytes of its messages and has ended.
 * It may be in a second one if a dispatcher that Kafka had expelled wrote one of them (docs/decisions/0038).
 */
export function findWronglyJoined(evidence: Evidence, violation: (what: string) => void): void {
  const { plan, deliveries, receivers, joined, replayOf } = evidence
  const bodies = new Map(deliveries.map(({ value }) => [value.deliveryId, value.body]))
  const buffering = new Set(plan.webhooks.flatMap(({ id, bufferSeconds = 0 }) => (bufferSeconds > 0 ? [id] : [])))
  const messages = new Set(deliveries.flatMap(({ value }) => (value.kind === 'message' ? [value.deliveryId] : [])))
  const sentAs = new Map<string, Set<string>>()
  for (const request of receivers.log) {
    const { deliveryId, webhookId, body } = request
    const notification = joined.get(deliveryId)
    for (const member of notification?.members ?? [])
      sentAs.set(member, (sentAs.get(member) ?? new Set()).add(deliveryId))
    if (!notification) {
      const isLiveMessage = messages.has(deliveryId) && replayOf(request) === null
      if (buffering.has(webhookId) && isLiveMessage) violation(`${webhookId} got ${deliveryId}, which was to be joined`)
      continue
    }
    if (!buffering.has(webhookId)) violation(`${webhookId} got ${deliveryId}, although it buffers nothing`)
    const parts = notification.members.map((id) => bodies.get(id) ?? Buffer.alloc(0))
    const whole = joinBodies(parts)
    if (whole.count !== parts.length || !whole.body.equals(body))
      violation(`${webhookId} got another body for ${deliveryId} than its ${parts.length} messages make`)
  }
  for (const [member, ids] of sentAs) {
    const areOfOwners = [...ids].every((id) => joined.get(id)?.isOfOwner)
    if (ids.size > 1 && areOfOwners) violation(`${member} is in several notifications: ${[...ids].join(' ')}`)
  }
}
