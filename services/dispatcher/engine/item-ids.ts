import type { EngineLimits } from './ports.ts'

/**
 * Id of a delivery while it is held, and once it is answered for. A replay counts as another delivery than the
 * original, under the same webhook-id; reading the same replay record twice counts as one replay.
 */
export function answerId(deliveryId: string, replayId: string | null): string {
  return replayId === null ? deliveryId : `${replayId} ${deliveryId}`
}

/**
 * Queue of a notification: that of its webhook's live traffic, or of one replay. Each has lanes, a range in
 * webhook-parked and, if a replay, a rate of its own, so that none waits for another.
 */
export function toQueueId(webhookId: string, replayId: string | null): string {
  return replayId === null ? webhookId : `${webhookId}\n${replayId}`
}

export function isOfReplay(queueId: string, replayId: string): boolean {
  return queueId.endsWith(`\n${replayId}`)
}

/** Webhook of a queue. */
export function toWebhookId(queueId: string): string {
  const end = queueId.lastIndexOf('\n')
  return end < 0 ? queueId : queueId.slice(0, end)
}

/**
 * Home topic of a queue, from which its notifications come first and whose order it keeps: webhook-deliveries or
 * webhook-replays. Records that come back from a delay topic have lost their place in that order.
 */
export function toHomeTopic(
  queueId: string,
  { deliveriesTopic, replaysTopic }: Pick<EngineLimits, 'deliveriesTopic' | 'replaysTopic'>,
): string {
  return toWebhookId(queueId) === queueId ? deliveriesTopic : replaysTopic
}

/** Offset of a record in the home topic of its queue; null if it came from another topic. */
export function homeOffset(
  { queueId, position }: { readonly queueId: string; readonly position: { topic: string; offset: number } },
  limits: Pick<EngineLimits, 'deliveriesTopic' | 'replaysTopic'>,
): number | null {
  return position.topic === toHomeTopic(queueId, limits) ? position.offset : null
}

/** Limits of a replay's rate in admin, and the rate where an earlier version of admin set none. */
const leastPerSecond = 0.1
const mostPerSecond = 1_000
const untoldPerSecond = 10

/**
 * Rate of a replay in notifications a second.
 * @param told rate in one of its records, which any client may have written.
 */
export function limitRate(told: number | null | undefined): number {
  if (told === null || told === undefined || Number.isNaN(told)) return untoldPerSecond
  return Math.min(mostPerSecond, Math.max(leastPerSecond, told))
}

/** Seconds of a replay's rate that it may have in memory. */
const aheadSeconds = 5

/** Maximum notifications of one replay in memory. */
export function mostAhead(ratePerSecond: number): number {
  return Math.ceil(ratePerSecond * aheadSeconds) + 1
}
