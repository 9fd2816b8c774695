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

/** The webhook of a queue. */
export function webhookOf(queueId: string): string {
  const end = queueId.lastIndexOf('\n')
  return end < 0 ? queueId : queueId.slice(0, end)
}
