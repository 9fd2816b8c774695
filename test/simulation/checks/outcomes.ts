import { everyKind } from '../../../services/domain/definition/definition-values.ts'
import { formatBody } from '../../../services/domain/event/notification-body.ts'
import { deliveryId } from '../../../services/topics/delivery-id.ts'
import type { Evidence } from './judge.ts'

/**
 * Each event has reached the webhook of its channel, or a dead letter says why not; nothing else was sent; and whatever
 * was sent had the body of its event, each time.
 */
export function findMissing(
  { plan, receivers, published, letters }: Evidence,
  violation: (what: string) => void,
): void {
  const delivered = new Set(receivers.log.filter(({ isAccepted }) => isAccepted).map((each) => each.deliveryId))
  const givenUp = new Set(letters.map(({ value }) => value.delivery?.deliveryId))
  const owners = new Map(plan.webhooks.flatMap(({ id, channels }) => channels.map((channel) => [channel, id] as const)))
  const bodies = new Map<string, Buffer>()
  for (const { planned, event } of published.events) {
    const webhookId = owners.get(planned.channel)
    const body = formatBody(event, everyKind)
    if (webhookId === undefined || !body) continue
    const id = deliveryId(event, webhookId)
    bodies.set(id, body)
    if (!delivered.has(id) && !givenUp.has(id)) violation(`missing: ${planned.id} of ${webhookId}, ${id}`)
  }
  for (const { deliveryId: id, body, webhookId } of receivers.log) {
    const expected = bodies.get(id)
    if (!expected) violation(`${webhookId} got ${id}, which no event has made`)
    else if (!expected.equals(body)) violation(`${webhookId} got another body for ${id}`)
  }
}
