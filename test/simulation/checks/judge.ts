import type { Attempt, DeadLetter, Delivery } from '../../../services/domain/delivery/delivery.ts'
import { topics } from '../../../services/topics/topic-map.ts'
import type { SimulatedCluster } from '../kafka/cluster.ts'
import { type DecodedRecord, readAll } from '../kafka/read-all.ts'
import type { Plan } from '../plan.ts'
import type { Published } from '../publish.ts'
import type { Receivers } from '../receivers.ts'
import { findStaleGates } from './gates.ts'
import { findDisorder } from './order.ts'
import { findMissing } from './outcomes.ts'
import { findRepeats } from './repeats.ts'
import { compareStatistics } from './statistics.ts'

export type Evidence = {
  plan: Plan
  cluster: SimulatedCluster
  receivers: Receivers
  published: Published
  deliveries: DecodedRecord<Delivery>[]
  attempts: DecodedRecord<Attempt>[]
  letters: DecodedRecord<DeadLetter>[]
}

/** Judges a run that has ended, by what is in Kafka and in the receivers' log. */
export function judge(
  run: Pick<Evidence, 'plan' | 'cluster' | 'receivers' | 'published'>,
  violation: (what: string) => void,
): void {
  const { cluster } = run
  const evidence: Evidence = {
    ...run,
    deliveries: readAll<Delivery>(cluster, topics.webhookDeliveries),
    attempts: readAll<Attempt>(cluster, topics.webhookAttempts),
    letters: readAll<DeadLetter>(cluster, topics.webhookDeadLetters),
  }
  for (const check of [findMissing, findDisorder, findRepeats, findStaleGates, compareStatistics])
    check(evidence, violation)
}
