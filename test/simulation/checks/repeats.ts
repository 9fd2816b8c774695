import { answerId } from '../../../services/dispatcher/engine/item-ids.ts'
import type { Attempt, Delivery, PendingDelivery } from '../../../services/domain/delivery/delivery.ts'
import { topics } from '../../../services/topics/topic-map.ts'
import { readAll } from '../kafka/read-all.ts'
import type { Evidence } from './judge.ts'

/**
 * Finds requests for what was already answered for in webhook-attempts when their process took the partition over. A
 * delivery that a producer wrote twice, because it was killed or an answer was lost, may be sent twice: answers are not
 * remembered forever. Every request must have a record in the end, unless its process was killed.
 */
export function findRepeats(
  { cluster, attempts, receivers, replayOf }: Evidence,
  violation: (what: string) => void,
): void {
  const recorded = new Set<string>()
  const answers = new Map<string, { attempt: number; appendedMs: number }[]>()
  for (const { appendedMs, value } of attempts) {
    recorded.add(idOf(value))
    const attempt = answeredAttempts(value)
    if (attempt === 0) continue
    const id = answerId(value.deliveryId, value.replayId)
    const ofDelivery = answers.get(id) ?? []
    answers.set(id, [...ofDelivery, { attempt, appendedMs }])
  }
  const requests = receivers.log.map((request) => ({ ...request, replayId: replayOf(request) }))
  const expelled = new Set(requests.flatMap((request) => (request.isOfOwner ? [] : [idOf(request)])))
  const twice = findTwice(cluster, expelled)
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

/** Notifications that are in a topic twice. @param expelled requests of dispatchers that Kafka had expelled. */
function findTwice(cluster: Evidence['cluster'], expelled: ReadonlySet<string>): Set<string> {
  const { webhookDeliveries, webhookReplays, webhookParked, webhookRetries1m, webhookRetries5m, webhookRetries30m } =
    topics
  const seen = new Set<string>()
  const twice = new Set<string>()
  const note = (deliveryId: string, stage: string) => {
    if (seen.has(`${deliveryId} ${stage}`)) twice.add(deliveryId)
    seen.add(`${deliveryId} ${stage}`)
  }
  for (const { value } of readAll<Delivery>(cluster, webhookDeliveries)) note(value.deliveryId, '')
  for (const { value } of readAll<PendingDelivery>(cluster, webhookReplays))
    note(answerId(value.delivery.deliveryId, value.replayId), '')
  for (const topic of [webhookRetries1m, webhookRetries5m, webhookRetries30m])
    for (const { value, isOfOwner } of readAll<PendingDelivery>(cluster, topic)) {
      const { delivery, replayId, attempts } = value
      const id = answerId(delivery.deliveryId, replayId)
      note(id, `${topic.name} ${attempts.length}`)
      // The owner since has the notification too, from webhook-deliveries, and what becomes of it there may be older than
      // the answers that a later takeover reads.
      if (isOfOwner === false || expelled.has(`${id} ${attempts.length}`)) twice.add(id)
    }
  // A takeover begins at the first notification in webhook-parked that is not answered for, and knows answers only as far
  // back as the last commit.
  for (const { value } of readAll<PendingDelivery>(cluster, webhookParked))
    twice.add(answerId(value.delivery.deliveryId, value.replayId))
  return twice
}

/** Number of attempts of its delivery that a record answers for (addAnswered in takeover/answers.ts). */
function answeredAttempts({ next, nextTopic, attempt }: Attempt): number {
  if (next !== 'retry') return Number.POSITIVE_INFINITY
  return nextTopic === null ? 0 : attempt
}

function idOf({ deliveryId, replayId, attempt }: Pick<Attempt, 'deliveryId' | 'replayId' | 'attempt'>): string {
  return `${answerId(deliveryId, replayId)} ${attempt}`
}
