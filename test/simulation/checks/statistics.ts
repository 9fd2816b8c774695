import { type AttemptOutcome, attemptOutcomes } from '../../../services/domain/delivery/delivery.ts'
import { isReplaced } from '../../../services/domain/delivery/outcome.ts'
import type { WebhookStats } from '../../../services/domain/stats/stats.ts'
import { topics } from '../../../services/topics/topic-map.ts'
import { readAll } from '../kafka/read-all.ts'
import type { Evidence } from './judge.ts'

/**
 * Statistics count each attempt that was recorded once, and the receivers' log has each of those that reached them.
 */
export function compareStatistics(
  { plan, cluster, attempts, receivers }: Evidence,
  violation: (what: string) => void,
): void {
  const requests = new Set(receivers.log.map(({ deliveryId, attempt }) => `${deliveryId} ${attempt}`))
  const counted = new Set<string>()
  const expected = new Map(plan.webhooks.map(({ id }) => [id, noTotals()]))
  for (const { value } of attempts) {
    const { deliveryId, replayId, attempt, startedAt, webhookId, outcome } = value
    // Attempts are told apart as by noteAttempt: after a clock was set back, two may start in the same millisecond.
    const id = `${replayId} ${deliveryId} ${attempt} ${startedAt}`
    if (isReplaced(value) || counted.has(id)) continue
    counted.add(id)
    const totals = expected.get(webhookId)
    if (totals) totals[outcome]++
    if (outcome !== 'rejected' && !requests.has(`${deliveryId} ${attempt}`))
      violation(`attempt ${deliveryId} ${attempt} is recorded as ${outcome}, but its receiver has no request`)
  }
  const stored = new Map<string, WebhookStats>()
  for (const { value } of readAll<WebhookStats>(cluster, topics.webhookStats)) stored.set(value.webhookId, value)
  for (const [webhookId, totals] of expected) {
    const counts = noTotals()
    for (const hour of stored.get(webhookId)?.hours ?? [])
      for (const outcome of attemptOutcomes) counts[outcome] += hour[outcome]
    if (attemptOutcomes.some((outcome) => counts[outcome] !== totals[outcome]))
      violation(`statistics of ${webhookId}: ${JSON.stringify(counts)}, but ${JSON.stringify(totals)} are recorded`)
  }
}

function noTotals(): Record<AttemptOutcome, number> {
  return { success: 0, slow: 0, error: 0, rejected: 0 }
}
