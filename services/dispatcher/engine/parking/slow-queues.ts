import type { Queue } from '../scheduling/lane.ts'

/**
 * Whether it takes the queue's receiver, or its limits, more than a second to work off what it has. Who stands in the round
 * waits for us. But when places are scarce, those whose own requests last longer than a second (in flight / per second: Little
 * 1961) stand there or aside too.
 */
export function isSlow({ turn, webhook, items, throughput }: Queue<unknown>, hasFreeSlots: boolean): boolean {
  const hasSlots = turn === 'next' && hasFreeSlots
  const isUnmeasured = turn === 'deferred' && webhook.slotClass === 'unknown'
  const waitsForUs = hasSlots || isUnmeasured || (turn !== 'none' && throughput.perSecond > webhook.inFlight)
  return throughput.isMeasured && !waitsForUs && items > throughput.perSecond
}

/**
 * Queues with at least half of an equal part of so many items that are slow, or have most of it waiting for retries. Webhooks
 * of the slow class have a share of their own: beside thousands of them, an equal part would be less than one item.
 */
export function slowWithMuch(queues: Queue<unknown>[], items: number, hasFreeSlots: boolean): string[] {
  const busy = queues.filter(({ items, webhook }) => items > 0 && webhook.memoryClass !== 'slow')
  const halfOfEqualPart = items / busy.length / 2
  const waits = (queue: Queue<unknown>) => queue.waitingForRetry > queue.items / 2 || isSlow(queue, hasFreeSlots)
  return busy.filter((queue) => queue.items >= halfOfEqualPart && waits(queue)).map(({ id }) => id)
}
