import { everyKind } from '../../../services/domain/definition/definition-values.ts'
import { formatBody } from '../../../services/domain/event/notification-body.ts'
import { deliveryId } from '../../../services/topics/delivery-id.ts'
import type { Evidence } from './judge.ts'
import { isSuperseded } from './superseded.ts'

/**
 * Each event has reached the webhook of its channel, or a dead letter says why not; nothing else was sent; and whatever
 * was sent had the body of its event, each time.
 */
export function findMissing(
  { plan, receivers, published, letters, attempts, joined }: Evidence,
  violation: (what: string) => void,
): void {
  for (const { value } of letters) if (value.reason === 'fault') violation(`a dead letter says fault: ${value.detail}`)
  const delivered = new Set(receivers.log.filter(({ isAccepted }) => isAccepted).map((each) => each.deliveryId))
  const givenUp = new Set(letters.map(({ value }) => value.delivery?.deliveryId))
  const leftOut = new Set(attempts.flatMap(({ value }) => (isSuperseded(value) ? [value.deliveryId] : [])))
  for (const [id, { members }] of joined)
    for (const member of members) {
      if (delivered.has(id)) delivered.add(member)
      if (givenUp.has(id)) givenUp.add(member)
    }
  const owners = new Map(plan.webhooks.flatMap(({ id, channels }) => channels.map((channel) => [channel, id] as const)))
  const bodies = new Map<string, Buffer>()
  for (const { planned, event } of published.events) {
    const webhookId = owners.get(planned.channel)
    const body = formatBody(event, everyKind)
    if (webhookId === undefined || !body) continue
    const id = deliveryId(event, webhookId)
    bodies.set(id, body)
    if (![delivered, givenUp, leftOut].some((ids) => ids.has(id)))
      violation(`missing: ${planned.id} of ${webhookId}, ${id}`)
  }
  for (const { deliveryId: id, body, webhookId } of receivers.log) {
    // findWronglyJoined compares these.
    if (joined.has(id)) continue
    const expected = bodies.get(id)
    if (!expected) violation(`${webhookId} got ${id}, which no event has made`)
    else if (!expected.equals(body)) violation(`${webhookId} got another body for ${id}`)
  }
}
