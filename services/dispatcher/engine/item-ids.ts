import type { EngineLimits } from './ports.ts'

/**
 * What a delivery is known by while it is held, and once it is answered for. A replay is another delivery than the one
 * that was answered for before, under the same webhook-id; its own record that comes twice is one replay.
 */
export function answerId(deliveryId: string, replayId: string | null): string {
  return replayId === null ? deliveryId : `${replayId} ${deliveryId}`
}

/**
 * The queue of a notification: that of its webhook's live traffic, or of one replay. Each has lanes, a place in webhook-parked
 * and, as a replay, a rate of its own, so that none waits for another.
 */
export function queueOf(webhookId: string, replayId: string | null): string {
  return replayId === null ? webhookId : `${webhookId}\n${replayId}`
}

export function isOfReplay(queueId: string, replayId: string): boolean {
  return queueId.endsWith(`\n${replayId}`)
}

/** The webhook of a queue. */
export function webhookOf(queueId: string): string {
  const end = queueId.lastIndexOf('\n')
  return end < 0 ? queueId : queueId.slice(0, end)
}

/**
 * The topic that a queue's notifications come from first, and whose order it keeps: webhook-deliveries or webhook-replays. What
 * comes back from a delay topic has lost its place in that order.
 */
export function homeOf(
  queueId: string,
  { deliveriesTopic, replaysTopic }: Pick<EngineLimits, 'deliveriesTopic' | 'replaysTopic'>,
): string {
  return webhookOf(queueId) === queueId ? deliveriesTopic : replaysTopic
}

/** As admin takes it, and what it is where an earlier version of admin has told none. */
const leastPerSecond = 0.1
const mostPerSecond = 1_000
const untoldPerSecond = 10

/** A replay's notifications a second. @param told by one of its records, whoever wrote it. */
export function rateOf(told: number | null | undefined): number {
  if (told === null || told === undefined || Number.isNaN(told)) return untoldPerSecond
  return Math.min(mostPerSecond, Math.max(leastPerSecond, told))
}

/** A replay has no more in memory than it sends in so long. */
const aheadSeconds = 5

/** Notifications of one replay in memory, at most. */
export function mostAhead(ratePerSecond: number): number {
  return Math.ceil(ratePerSecond * aheadSeconds) + 1
}
