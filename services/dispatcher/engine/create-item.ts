import type { AttemptSummary, Delivery, PendingDelivery } from '../../domain/delivery/delivery.ts'
import { answerId, queueOf, rateOf } from './item-ids.ts'
import type { Item } from './ports.ts'

/** Of JavaScript's strings, at most: those beyond Latin-1 take two bytes a character. */
const bytesOfCharacter = 2
/** Of an object with its numbers, its entry in maps and lists. */
const bytesOfItem = 600
const bytesOfAttempt = 200

type Brought = Pick<Item, 'delivery' | 'replayId' | 'place' | 'slots' | 'attempts'> &
  Partial<Pick<Item, 'notBeforeMs' | 'parkedOffset'>> &
  Pick<PendingDelivery, 'ratePerSecond'>

/** A delivery comes into memory. */
export function createItem({ delivery, replayId, place, slots, attempts, ...rest }: Brought): Item {
  return {
    id: answerId(delivery.deliveryId, replayId),
    delivery,
    replayId,
    ratePerSecond: replayId === null ? null : rateOf(rest.ratePerSecond),
    queueId: queueOf(delivery.webhookId, replayId),
    place,
    slots,
    bytes: bytesOf(delivery),
    notBeforeMs: rest.notBeforeMs ?? 0,
    parkedOffset: rest.parkedOffset ?? null,
    attempts,
    forgotten: false,
  }
}

/** What attempts take in memory, excerpts of answers included. */
export function bytesOfAttempts(attempts: readonly AttemptSummary[]): number {
  let characters = 0
  for (const { cause, responseExcerpt } of attempts) characters += (cause?.length ?? 0) + (responseExcerpt?.length ?? 0)
  return attempts.length * bytesOfAttempt + characters * bytesOfCharacter
}

function bytesOf({
  body,
  deliveryId,
  webhookId,
  businessId,
  eventId,
  chatChannelId,
  contactId,
  traceparent,
}: Delivery) {
  const ids = deliveryId.length + webhookId.length + businessId.length + eventId.length
  const characters = ids + chatChannelId.length + contactId.length + (traceparent?.length ?? 0)
  return bytesOfItem + body.length + characters * bytesOfCharacter
}
