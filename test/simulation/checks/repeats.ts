import type { Attempt, Delivery, PendingDelivery } from '../../../services/domain/delivery/delivery.ts'
import { topics } from '../../../services/topics/topic-map.ts'
import { readAll } from '../kafka/read-all.ts'
import type { Evidence } from './judge.ts'

/**
 * Nobody sends again what was answered for in webhook-attempts when it took the partition over. What a producer has written twice, because it was killed or an answer was
 * lost, may be sent twice too: answers are not remembered forever. Every request has a record in the end, unless its
 * process was killed.
 */
export function findRepeats({ cluster, attempts, receivers }: Evidence, violation: (what: string) => void): void {
  const recorded = new Set<string>()
  const answers = new Map<string, { attempt: number; appendedMs: number }[]>()
  for (const { appendedMs, value } of attempts) {
    recorded.add(idOf(value))
    const attempt = answeredAttempts(value)
    if (attempt === 0) continue
    const ofDelivery = answers.get(value.deliveryId) ?? []
    answers.set(value.deliveryId, [...ofDelivery, { attempt, appendedMs }])
  }
  const twice = findTwice(cluster)
  for (const request of receivers.log) {
    const { process, partition, startedMs, deliveryId, attempt } = request
    if (!recorded.has(idOf(request)) && !process.wasKilled)
      violation(`attempt ${idOf(request)} of ${process.name} is not recorded`)
    const answer = answers.get(deliveryId)?.find((each) => each.attempt >= attempt && each.appendedMs < startedMs)
    if (!answer || twice.has(deliveryId)) continue
    const ownerSinceMs = cluster.ownership.began(process, partition, startedMs) ?? 0
    if (ownerSinceMs > answer.appendedMs)
      violation(`attempt ${idOf(request)} was made by ${process.name}, which took over when it was answered for`)
  }
}

/** Notifications that are in a topic twice. */
function findTwice(cluster: Evidence['cluster']): Set<string> {
  const { webhookDeliveries, webhookParked, webhookRetries1m, webhookRetries5m, webhookRetries30m } = topics
  const seen = new Set<string>()
  const twice = new Set<string>()
  const note = (deliveryId: string, stage: string) => {
    if (seen.has(`${deliveryId} ${stage}`)) twice.add(deliveryId)
    seen.add(`${deliveryId} ${stage}`)
  }
  for (const { value } of readAll<Delivery>(cluster, webhookDeliveries)) note(value.deliveryId, '')
  for (const topic of [webhookRetries1m, webhookRetries5m, webhookRetries30m])
    for (const { value, isOfOwner } of readAll<PendingDelivery>(cluster, topic)) {
      note(value.delivery.deliveryId, `${topic.name} ${value.attempts.length}`)
      // The owner since has the notification too, from webhook-deliveries, and what becomes of it there may be older than
      // the answers that a later takeover reads.
      if (isOfOwner === false) twice.add(value.delivery.deliveryId)
    }
  // A takeover begins at the first notification in webhook-parked that is not answered for, and knows answers only as far
  // back as the last commit.
  for (const { value } of readAll<PendingDelivery>(cluster, webhookParked)) twice.add(value.delivery.deliveryId)
  return twice
}

/** How many attempts of its delivery a record answers for (addAnswered in takeover/answers.ts). */
function answeredAttempts({ next, nextTopic, attempt }: Attempt): number {
  if (next !== 'retry') return Number.POSITIVE_INFINITY
  return nextTopic === null ? 0 : attempt
}

function idOf({ deliveryId, attempt }: { deliveryId: string; attempt: number }): string {
  return `${deliveryId} ${attempt}`
}
