import { keys } from '../keys.ts'

/** Kinds of changes that the server announces (event names of .../changes). */
export const changeKinds = ['webhook', 'account', 'stats', 'health', 'audit'] as const
export type ChangeEventKind = (typeof changeKinds)[number]

export type QueryKey = readonly string[]

/** Queries that a change makes stale. @param id the webhook; empty for a change without one. */
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
        keys.errorGroups(businessId, id),
        keys.attempts(businessId, id),
        keys.deadLetters(businessId, id),
        keys.alerts(businessId, id),
      ]
    case 'health':
      return [keys.webhooks(businessId), keys.webhook(businessId, id), keys.stats(businessId, id)]
    case 'audit':
      // Replays have no announcement of their own: each one that starts or stops has an entry.
      return [keys.audit(businessId), ['replays', businessId]]
  }
}

const announced = new Set(changeKinds.flatMap((kind) => staleAfter(kind, '', '')).map(([first]) => first))

/** Whether changes make a query stale. Others, such as the sample of a dialog, are read once or at intervals. */
export function isAnnounced([first]: readonly unknown[]): boolean {
  return announced.has(first as string)
}

/**
 * Rest time of a query between two refreshes, in milliseconds. The figures of a thousand webhooks change many times a
 * second, and each refresh reads the whole list.
 */
export function restMs(kind: ChangeEventKind, key: QueryKey, listed: number): number {
  if (kind === 'webhook' || kind === 'account') return 0
  switch (key[0]) {
    case 'webhooks':
      return listed > 200 ? 5_000 : 1_000
    // Every refresh reads the topic itself.
    case 'attempts':
    case 'dead-letters':
    case 'alerts':
      return 2_000
    // Reads the topics since the oldest replay.
    case 'replays':
      return 5_000
    // Groups of errors are read from the topic as well, a whole day of it.
    case 'error-groups':
      return 10_000
    default:
      return 500
  }
}
