import type { Attempt, DeadLetter } from '../../domain/delivery/delivery.ts'
import { grown, IdTable } from '../replay/id-table.ts'
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

/** Maximum notifications that replays have delivered, 24 bytes each. */
const mostDelivered = 1_000_000

/**
 * Deliveries of replays, for an export of all dead letters, newest first. Each page needs the attempts since its oldest
 * dead letter: they are read once, further back for each page. Only replays send a dead letter again.
 */
export class ReplayedDeliveries {
  readonly #place: { webhookId: string; businessId: string }
  readonly #ids = new IdTable()
  /** By number of the id: start of the latest attempt that was accepted. */
  #startedAt = new Float64Array(1_024)
  #before: number | null = null

  constructor(place: { webhookId: string; businessId: string }) {
    this.#place = place
  }

  /**
   * Reads one page of the attempts recorded since a time, after those that were read before.
   * @returns whether there are more. @throws Error beyond a million notifications.
   */
  async readBack(traffic: Pick<TrafficTopics, 'attempts'>, sinceMs: number): Promise<boolean> {
    const { webhookId, businessId } = this.#place
    const matches = ({ deliveryId, businessId: owner, outcome, startedAt, replayId }: Attempt) => {
      if (owner === businessId && replayId !== null && (outcome === 'success' || outcome === 'slow'))
        this.#note(deliveryId, startedAt)
      // These notes take less memory than a list of attempts.
      return false
    }
    const { next, readTo } = await traffic.attempts({
      ...{ webhookId, matches, limit: 1 },
      ...{ before: this.#before, sinceMs, untilMs: null },
    })
    this.#before = readTo
    return next !== null
  }

  /** @returns id of the notification -> start of the attempt that has delivered it, as findDelivered. */
  find(letters: readonly DeadLetter[]): Map<string, number> {
    const found = new Map<string, number>()
    for (const { delivery, deadLetteredAt } of letters) {
      const startedAtMs = delivery && this.#startedAt[this.#ids.find(delivery.deliveryId)]
      if (delivery && startedAtMs != null && startedAtMs >= deadLetteredAt) found.set(delivery.deliveryId, startedAtMs)
    }
    return found
  }

  #note(deliveryId: string, startedAtMs: number): void {
    const number = this.#ids.add(deliveryId)
    if (number >= mostDelivered) throw new Error(`replays have delivered more than ${mostDelivered} notifications`)
    this.#startedAt = grown(this.#startedAt, number + 1)
    this.#startedAt[number] = Math.max(startedAtMs, this.#startedAt[number] ?? 0)
  }
}
