import { keys } from './keys.ts'

/** What the server tells of (event names of .../changes). */
export const changeKinds = ['webhook', 'account', 'stats', 'health', 'audit'] as const
export type ChangeEventKind = (typeof changeKinds)[number]

export type QueryKey = readonly string[]

/** Which queries show something else after a change. @param id of the webhook; empty where it is none. */
export function staleAfter(kind: ChangeEventKind, businessId: string, id: string): QueryKey[] {
  switch (kind) {
    case 'webhook':
      return [
        keys.webhooks(businessId),
        keys.webhook(businessId, id),
        keys.stats(businessId, id),
        keys.audit(businessId),
        keys.businesses,
      ]
    case 'account':
      return [
        keys.account(businessId),
        keys.webhooks(businessId),
        ['webhook', businessId],
        ['stats', businessId],
        keys.businesses,
      ]
    case 'stats':
      return [
        keys.webhooks(businessId),
        keys.stats(businessId, id),
        keys.errors(businessId, id),
        keys.attempts(businessId, id),
        keys.deadLetters(businessId, id),
      ]
    case 'health':
      return [keys.webhooks(businessId), keys.webhook(businessId, id), keys.stats(businessId, id)]
    case 'audit':
      return [keys.audit(businessId)]
  }
}

/**
 * How long a query rests between two refreshes, in milliseconds. Figures of a thousand webhooks change many times a second;
 * the whole list is read again for each.
 */
export function restMs(kind: ChangeEventKind, key: QueryKey, listed: number): number {
  if (kind === 'webhook' || kind === 'account') return 0
  switch (key[0]) {
    case 'webhooks':
      return listed > 200 ? 5_000 : 1_000
    // Read from the topic itself each time.
    case 'attempts':
    case 'dead-letters':
      return 2_000
    default:
      return 500
  }
}
