import type { ListedWebhook, WebhookState } from '../../api/types.ts'

export const orders = ['problems', 'name', 'newest', 'success', 'p95', 'undelivered', 'latest'] as const
export type Order = (typeof orders)[number]

/** Choice of what the list shows. It is part of the page's address. */
export type ListChoice = { text: string; state: WebhookState | null; order: Order; isReversed: boolean }

/** All states, those that need attention first. */
export const states: readonly WebhookState[] = [
  'invalid',
  'conflict',
  'blocked',
  'probing',
  'failing',
  'degraded',
  'throttled',
  'paused',
  'not-activated',
  'healthy',
  'idle',
  'off',
]

type Findable = Pick<
  ListedWebhook,
  'id' | 'name' | 'url' | 'channels' | 'createdAt' | 'status' | 'lastHour' | 'p95Ms' | 'lastAttemptAt'
>

/** Webhooks in a state whose name, URL or channels contain every word of the text. A whole id also matches. */
export function findWebhooks<W extends Findable>(
  webhooks: readonly W[],
  { text, state, order, isReversed }: ListChoice,
): W[] {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean)
  const fits = ({ id, name, url, channels, status }: W) => {
    if (state !== null && status.state !== state) return false
    const haystack = [name, url, ...channels].join('\n').toLowerCase()
    // Ids are random, so a match of part of one would be by chance.
    return words.every((word) => haystack.includes(word) || word === id.toLowerCase())
  }
  return webhooks.filter(fits).sort(comparison(order, isReversed ? -1 : 1))
}

/** Number of webhooks in each state that occurs, those that need attention first. */
export function countStates(webhooks: readonly Findable[]): { state: WebhookState; count: number }[] {
  return states
    .map((state) => ({ state, count: webhooks.filter(({ status }) => status.state === state).length }))
    .filter(({ count }) => count > 0)
}

/** Share of the attempts of the last hour that were accepted; null without attempts. */
export function successRate({ success, slow, error, rejected }: Findable['lastHour']): number | null {
  const attempts = success + slow + error + rejected
  return attempts === 0 ? null : (success + slow) / attempts
}

/** Sorts "Till 9" before "Till 10". */
const collator = new Intl.Collator(undefined, { numeric: true })
const byName = (a: Findable, b: Findable) => collator.compare(a.name, b.name) || (a.id < b.id ? -1 : 1)

/** Number by which each order sorts, the smallest first; null comes last in either direction. */
const ranks: Record<Exclude<Order, 'name'>, (webhook: Findable) => number | null> = {
  problems: ({ status }) => states.indexOf(status.state),
  newest: ({ createdAt }) => -Date.parse(createdAt),
  success: ({ lastHour }) => successRate(lastHour),
  p95: ({ p95Ms }) => (p95Ms === null ? null : -p95Ms),
  undelivered: ({ status }) => -status.undelivered,
  latest: ({ lastAttemptAt }) => (lastAttemptAt === null ? null : -Date.parse(lastAttemptAt)),
}

function comparison(order: Order, sign: 1 | -1): (a: Findable, b: Findable) => number {
  if (order === 'name') return (a, b) => sign * byName(a, b)
  const rank = ranks[order]
  return (a, b) => {
    const [first, second] = [rank(a), rank(b)]
    if (first === null || second === null) return Number(first === null) - Number(second === null) || byName(a, b)
    return sign * (first - second) || byName(a, b)
  }
}
