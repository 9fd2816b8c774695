/**
 * A record of webhook-replays without a value: an order of admin to the dispatcher, in the partition of the webhook. Its
 * key says what it orders: the id of a replay that stops, or a webhook that is to be probed now.
 */
export type ReplayOrder = { kind: 'stop'; replayId: string } | { kind: 'probe'; webhookId: string }

/** No id of a replay begins with it. */
const probePrefix = 'probe:'
const maxKeyBytes = 500

/** @returns the key of the record. */
export function orderKey(order: ReplayOrder): string {
  return order.kind === 'stop' ? order.replayId : `${probePrefix}${order.webhookId}`
}

/** @returns null if the record orders nothing. */
export function readOrder({ key, value }: { key: Buffer | null; value: Buffer | null }): ReplayOrder | null {
  if (value !== null || key === null || key.length > maxKeyBytes) return null
  const text = key.toString('utf8')
  return text.startsWith(probePrefix)
    ? { kind: 'probe', webhookId: text.slice(probePrefix.length) }
    : { kind: 'stop', replayId: text }
}
