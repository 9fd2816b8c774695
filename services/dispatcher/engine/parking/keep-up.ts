import type { Queue } from '../scheduling/lane.ts'

/**
 * Whether the queue's receiver, and its limits, need at most a second to send what it has. A queue in the turn queue
 * waits for this process, so it keeps up. The exception: when slots are scarce, webhooks whose requests take over a
 * second (in flight / per second: Little 1961) also wait there or are deferred.
 */
export function keepsUp({ turn, webhook, items, throughput }: Queue<unknown>, hasFreeSlots: boolean): boolean {
  const hasSlots = turn === 'next' && hasFreeSlots
  const isUnmeasured = turn === 'deferred' && webhook.slotClass === 'unknown'
  const waitsForUs = hasSlots || isUnmeasured || (turn !== 'none' && throughput.perSecond > webhook.inFlight)
  return !throughput.isMeasured || waitsForUs || items <= throughput.perSecond
}

/**
 * Queues that hold at least half of an equal part of this number of items and do not keep up, or have most of their
 * items waiting for retries. Webhooks of the slow class have a separate share: with thousands of them, an equal part
 * would be less than one item.
 */
export function crowdingQueues(queues: Queue<unknown>[], items: number, hasFreeSlots: boolean): string[] {
  const busy = queues.filter(({ items, webhook }) => items > 0 && webhook.memoryClass !== 'slow')
  const halfOfEqualPart = items / busy.length / 2
  const waits = (queue: Queue<unknown>) => queue.waitingForRetry > queue.items / 2 || !keepsUp(queue, hasFreeSlots)
  return busy.filter((queue) => queue.items >= halfOfEqualPart && waits(queue)).map(({ id }) => id)
}
