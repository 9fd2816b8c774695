import type { Attempt, DeadLetter, Delivery, PendingDelivery } from '../../../services/domain/delivery/delivery.ts'
import { topics } from '../../../services/topics/topic-map.ts'
import type { SimulatedCluster } from '../kafka/cluster.ts'
import { type DecodedRecord, readAll } from '../kafka/read-all.ts'
import type { Plan } from '../plan.ts'
import type { Published } from '../publish.ts'
import type { ReceivedRequest, Receivers } from '../receivers.ts'
import { findStaleGates } from './gates.ts'
import { findWronglyJoined, type JoinedNotification } from './joined.ts'
import { findDisorder } from './order.ts'
import { findMissing } from './outcomes.ts'
import { findRepeats } from './repeats.ts'
import { createReplayOf } from './replay-of.ts'
import { findWronglyReplayed } from './replays.ts'
import { compareStatistics } from './statistics.ts'
import { findWronglyLeftOut } from './superseded.ts'

export type Evidence = {
  plan: Plan
  cluster: SimulatedCluster
  receivers: Receivers
  published: Published
  deliveries: DecodedRecord<Delivery>[]
  attempts: DecodedRecord<Attempt>[]
  letters: DecodedRecord<DeadLetter>[]
  /** Notifications of joined messages, by id. */
  joined: ReadonlyMap<string, JoinedNotification>
  /** Replay that a request belongs to; null for live traffic. Replays select only what has ended. */
  replayOf: (request: ReceivedRequest) => string | null
}

/** Judges a run that has ended, by what is in Kafka and in the receivers' log. */
export function judge(
  run: Pick<Evidence, 'plan' | 'cluster' | 'receivers' | 'published'>,
  violation: (what: string) => void,
): void {
  const { cluster, published } = run
  const attempts = readAll<Attempt>(cluster, topics.webhookAttempts)
  const evidence: Evidence = {
    ...run,
    deliveries: readAll<Delivery>(cluster, topics.webhookDeliveries),
    attempts,
    letters: readAll<DeadLetter>(cluster, topics.webhookDeadLetters),
    joined: findJoined(cluster),
    replayOf: createReplayOf(published.replays, attempts),
  }
  for (const check of checks) check(evidence, violation)
}

const checks = [
  findMissing,
  findDisorder,
  findRepeats,
  findWronglyJoined,
  findWronglyLeftOut,
  findWronglyReplayed,
  findStaleGates,
  compareStatistics,
]

function findJoined(cluster: SimulatedCluster): Map<string, JoinedNotification> {
  const found = new Map<string, JoinedNotification>()
  for (const { value, isOfOwner } of readAll<PendingDelivery>(cluster, topics.webhookReplays)) {
    const { delivery, joined = [] } = value
    if (joined.length === 0) continue
    const isOfOwners = isOfOwner !== false && (found.get(delivery.deliveryId)?.isOfOwner ?? true)
    found.set(delivery.deliveryId, { members: joined, isOfOwner: isOfOwners, delivery })
  }
  return found
}
