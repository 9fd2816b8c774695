import { answerId } from '../../../services/dispatcher/engine/item-ids.ts'
import type { Attempt, Delivery, PendingDelivery } from '../../../services/domain/delivery/delivery.ts'
import { topics } from '../../../services/topics/topic-map.ts'
import { readAll } from '../kafka/read-all.ts'
import type { Evidence } from './judge.ts'

/**
 * Nobody sends again what was answered for in webhook-attempts when it took the partition over. Three kinds may be sent
 * twice, because answers are not remembered forever. What a producer has written twice: it was killed, or an answer was
 * lost. What was in flight when its queue was parked, because webhook-parked has a copy of it. And what a dispatcher that
 * Kafka had expelled has written an outcome of: the owner since has it too, and what becomes of it there may be older than
 * the answers that a later takeover reads. Every request has a record in the end, unless its process was killed.
 */
export function findRepeats(
  { cluster, attempts, receivers, replayOf }: Evidence,
  violation: (what: string) => void,
): void {
  const recorded = new Set<string>()
  const answers = new Map<string, { attempt: number; appendedMs: number }[]>()
  const parked = new Set(readAll<PendingDelivery>(cluster, topics.webhookParked).map(({ value }) => heldId(value)))
  const twice = findTwice(cluster)
  for (const { appendedMs, isOfOwner, value } of attempts) {
    const id = answerId(value.deliveryId, value.replayId)
    const isCopied = parked.has(id) && value.sourceTopic !== topics.webhookParked.name
    if (isOfOwner === false || isCopied) twice.add(id)
    recorded.add(idOf(value))
    const attempt = answeredAttempts(value)
    if (attempt === 0) continue
    const ofDelivery = answers.get(id) ?? []
    answers.set(id, [...ofDelivery, { attempt, appendedMs }])
  }
  const requests = receivers.log.map((request) => ({ ...request, replayId: replayOf(request) }))
  for (const request of requests) {
    const { process, partition, startedMs, attempt } = request
    const deliveryId = answerId(request.deliveryId, request.replayId)
    if (!recorded.has(idOf(request)) && !process.wasKilled)
      violation(`attempt ${idOf(request)} of ${process.name} is not recorded`)
    const answer = answers.get(deliveryId)?.find((each) => each.attempt >= attempt && each.appendedMs < startedMs)
    if (!answer || twice.has(deliveryId)) continue
    const ownerSinceMs = cluster.ownership.began(process, partition, startedMs) ?? 0
    if (ownerSinceMs > answer.appendedMs)
      violation(`attempt ${idOf(request)} was made by ${process.name}, which took over when it was answered for`)
  }
}

/** Notifications that are in a topic twice, or were put there by a dispatcher that Kafka had expelled. */
function findTwice(cluster: Evidence['cluster']): Set<string> {
  const { webhookDeliveries, webhookReplays, webhookParked, webhookRetries1m, webhookRetries5m, webhookRetries30m } =
    topics
  const seen = new Set<string>()
  const twice = new Set<string>()
  const note = (deliveryId: string, stage: string) => {
    if (seen.has(`${deliveryId} ${stage}`)) twice.add(deliveryId)
    seen.add(`${deliveryId} ${stage}`)
  }
  for (const { value } of readAll<Delivery>(cluster, webhookDeliveries)) note(value.deliveryId, '')
  for (const { value } of readAll<PendingDelivery>(cluster, webhookReplays)) note(heldId(value), '')
  for (const topic of [webhookRetries1m, webhookRetries5m, webhookRetries30m, webhookParked])
    for (const { value, isOfOwner } of readAll<PendingDelivery>(cluster, topic)) {
      const id = heldId(value)
      note(id, `${topic.name} ${value.attempts.length}`)
      if (isOfOwner === false) twice.add(id)
    }
  return twice
}

/** How many attempts of its delivery a record answers for (addAnswered in takeover/answers.ts). */
function answeredAttempts({ next, nextTopic, attempt }: Attempt): number {
  if (next !== 'retry') return Number.POSITIVE_INFINITY
  return nextTopic === null ? 0 : attempt
}

function heldId({ delivery, replayId }: PendingDelivery): string {
  return answerId(delivery.deliveryId, replayId)
}

function idOf({ deliveryId, replayId, attempt }: Pick<Attempt, 'deliveryId' | 'replayId' | 'attempt'>): string {
  return `${answerId(deliveryId, replayId)} ${attempt}`
}
