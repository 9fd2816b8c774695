import { answerId } from '../../services/dispatcher/engine/item-ids.ts'
import type { Attempt, DeadLetter, Delivery, PendingDelivery } from '../../services/domain/delivery/delivery.ts'
import { topics } from '../../services/topics/topic-map.ts'
import type { SimulatedCluster } from './kafka/cluster.ts'
import { readAll } from './kafka/read-all.ts'

const names = Object.values(topics).map(({ name }) => name)
/** Topics that each group commits. */
const groups: [groupId: string, topics: string[]][] = [
  ['formatter', [topics.messageEvents.name, topics.statusEvents.name]],
  ['dispatcher', names.filter((name) => /^webhook-(deliveries|retries-.*|replays)$/.test(name))],
  ['stats-aggregator', [topics.webhookAttempts.name, topics.webhookDeadLetters.name]],
]

/** Why not everything has come to rest; null if everything is committed to its end, and every notification has ended. */
export function findUnrest(cluster: SimulatedCluster): string | null {
  for (const [groupId, topicsOfGroup] of groups) {
    const { commits } = cluster.group(groupId)
    for (const name of topicsOfGroup)
      for (const { partition, end } of cluster.partitions(name)) {
        const committed = commits.get(`${name}/${partition}`)?.offset ?? 0
        if (committed < end) return `${groupId} has committed ${name}/${partition} up to ${committed} of ${end}`
      }
  }
  // Notifications in webhook-parked hold up no commit.
  const ended = new Set(
    readAll<Attempt>(cluster, topics.webhookAttempts).flatMap(({ value }) =>
      value.next === 'retry' ? [] : [answerId(value.deliveryId, value.replayId)],
    ),
  )
  for (const { value } of readAll<DeadLetter>(cluster, topics.webhookDeadLetters))
    if (value.delivery) ended.add(value.delivery.deliveryId)
  const replays = readAll<PendingDelivery>(cluster, topics.webhookReplays)
  // The record of what messages are joined into answers for them, also if the attempts that say so were not written.
  for (const { value } of replays) for (const id of value.joined ?? []) ended.add(id)
  for (const { value } of readAll<Delivery>(cluster, topics.webhookDeliveries))
    if (!ended.has(value.deliveryId)) return `${value.deliveryId} of ${value.webhookId} has not ended`
  for (const { value } of replays) {
    // Joined notifications are never parked: the commit shows that they have ended.
    if (value.replayId === null) continue
    const id = answerId(value.delivery.deliveryId, value.replayId)
    if (!ended.has(id)) return `${id} of ${value.delivery.webhookId} has not ended`
  }
  return null
}
