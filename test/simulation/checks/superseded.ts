import type { Attempt } from '../../../services/domain/delivery/delivery.ts'
import { readStatus } from '../../../services/domain/event/status-of-message.ts'
import type { Evidence } from './judge.ts'

/**
 * Checks that only a `delivered` of a webhook that collapses statuses is left out, and only if the `read` of its
 * message was written after it.
 */
export function findWronglyLeftOut({ plan, deliveries, attempts }: Evidence, violation: (what: string) => void): void {
  const collapsing = new Set(plan.webhooks.flatMap(({ id, collapseStatuses }) => (collapseStatuses ? [id] : [])))
  const statuses = deliveries.flatMap(({ value, partition, offset }) => {
    const status = value.kind === 'status' ? readStatus(value.body) : null
    return status ? [{ ...status, ...value, partition, offset }] : []
  })
  for (const { value } of attempts) {
    if (!isSuperseded(value)) continue
    const left = statuses.find(({ deliveryId }) => deliveryId === value.deliveryId)
    const read = statuses.find(
      ({ webhookId, messageId, status, contactId, offset }) =>
        status === 'read' &&
        [webhookId, messageId, contactId].join() === [left?.webhookId, left?.messageId, left?.contactId].join() &&
        offset > (left?.offset ?? 0),
    )
    if (left?.status !== 'delivered' || !read || !collapsing.has(value.webhookId) || value.replayId !== null)
      violation(`${value.deliveryId} of ${value.webhookId} was left out, although no read follows it`)
  }
}

export function isSuperseded({ cause, next }: Attempt): boolean {
  return cause === 'superseded' && next === 'none'
}
