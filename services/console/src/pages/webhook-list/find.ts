import type { ListedWebhook, WebhookState } from '../../api/types.ts'

export type Order = 'problems' | 'name' | 'newest'
export const orders: readonly Order[] = ['problems', 'name', 'newest']

/** All states, those that need attention first. */
const states: readonly WebhookState[] = [
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

type Findable = Pick<ListedWebhook, 'id' | 'name' | 'url' | 'channels' | 'createdAt' | 'status'>

/** Webhooks in a state whose name, URL or channels contain every word of the text. A whole id also matches. */
export function findWebhooks<W extends Findable>(
  webhooks: readonly W[],
  { text, state, order }: { text: string; state: WebhookState | null; order: Order },
): W[] {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean)
  const fits = ({ id, name, url, channels, status }: W) => {
    if (state !== null && status.state !== state) return false
    const haystack = [name, url, ...channels].join('\n').toLowerCase()
    // Ids are random, so a match of part of one would be by chance.
    return words.every((word) => haystack.includes(word) || word === id.toLowerCase())
  }
  return webhooks.filter(fits).sort(comparisons[order])
}

/** Number of webhooks in each state that occurs, those that need attention first. */
export function countStates(webhooks: readonly Findable[]): { state: WebhookState; count: number }[] {
  return states
    .map((state) => ({ state, count: webhooks.filter(({ status }) => status.state === state).length }))
    .filter(({ count }) => count > 0)
}

/** Sorts "Till 9" before "Till 10". */
const collator = new Intl.Collator(undefined, { numeric: true })
const byName = (a: Findable, b: Findable) => collator.compare(a.name, b.name) || (a.id < b.id ? -1 : 1)

const comparisons: Record<Order, (a: Findable, b: Findable) => number> = {
  problems: (a, b) => states.indexOf(a.status.state) - states.indexOf(b.status.state) || byName(a, b),
  name: byName,
  newest: (a, b) => Date.parse(b.createdAt) - Date.parse(a.createdAt) || byName(a, b),
}
