import { toSend } from '../../services/admin/replay/replay-actions.ts'
import type { Attempt, Delivery } from '../../services/domain/delivery/delivery.ts'
import { topics } from '../../services/topics/topic-map.ts'
import type { SimulatedCluster } from './kafka/cluster.ts'
import { readAll } from './kafka/read-all.ts'
import type { Fault } from './plan.ts'

/** A replay that was ordered, and what it selected. atMs: milliseconds since the epoch. */
export type OrderedReplay = { replayId: string; webhookId: string; atMs: number; deliveries: Delivery[] }

/**
 * Orders a replay of the webhook's latest notifications that have ended and are in no replay yet, as admin does.
 * @param write appends a record to webhook-replays.
 */
export function orderReplay(
  { webhook, count, ratePerSecond }: Fault & { kind: 'replay' },
  cluster: SimulatedCluster,
  earlier: readonly OrderedReplay[],
  write: (value: unknown) => void,
): OrderedReplay {
  const over = new Set<string>()
  for (const { value } of readAll<Attempt>(cluster, topics.webhookAttempts))
    if (value.next !== 'retry') over.add(value.deliveryId)
  for (const { deliveries } of earlier) for (const { deliveryId } of deliveries) over.delete(deliveryId)
  const selected = new Map<string, Delivery>()
  for (const { value } of readAll<Delivery>(cluster, topics.webhookDeliveries))
    if (value.webhookId === webhook && over.has(value.deliveryId)) selected.set(value.deliveryId, value)
  const deliveries = [...selected.values()].slice(-count)
  const replayId = `replay-${earlier.length}`
  const atMs = cluster.world.nowMs
  for (const delivery of deliveries)
    write(toSend({ delivery, givenUpAt: null }, replayId, Math.floor(atMs), ratePerSecond))
  return { replayId, webhookId: webhook, atMs, deliveries }
}
