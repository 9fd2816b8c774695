import type { Attempt, DeadLetter } from '../../domain/delivery/delivery.ts'
import type { TrafficTopics } from './traffic-topics.ts'

/** Pages of attempts that are searched for one page of dead letters: 240,000 records of any webhook of the partition. */
const maxPages = 10

/**
 * Finds which of the dead letters have been delivered since, by a replay for instance.
 * @returns id of the notification -> start of the latest attempt that was accepted, in milliseconds since the epoch.
 */
export async function findDelivered(
  traffic: Pick<TrafficTopics, 'attempts'>,
  { webhookId, businessId }: { webhookId: string; businessId: string },
  letters: readonly DeadLetter[],
): Promise<Map<string, number>> {
  const givenUpAt = new Map<string, number>()
  for (const { delivery, deadLetteredAt } of letters)
    if (delivery) givenUpAt.set(delivery.deliveryId, Math.max(deadLetteredAt, givenUpAt.get(delivery.deliveryId) ?? 0))
  const delivered = new Map<string, number>()
  const isMeant = ({ deliveryId, businessId: owner, outcome, startedAt }: Attempt) =>
    owner === businessId &&
    (outcome === 'success' || outcome === 'slow') &&
    startedAt >= (givenUpAt.get(deliveryId) ?? Number.POSITIVE_INFINITY) &&
    !delivered.has(deliveryId)
  const wanted = {
    webhookId,
    matches: isMeant,
    limit: givenUpAt.size,
    sinceMs: Math.min(...givenUpAt.values()),
    untilMs: null,
  }
  let before: number | null = null
  for (let page = 0; page < maxPages && delivered.size < givenUpAt.size; page++) {
    const { found, next } = await traffic.attempts({ ...wanted, before })
    for (const { value } of found) if (isMeant(value)) delivered.set(value.deliveryId, value.startedAt)
    if (next === null) break
    before = next
  }
  return delivered
}
