import type { ListedWebhook, WebhookState } from '../../api/types.ts'

export type Order = 'problems' | 'name' | 'newest'
export const orders: readonly Order[] = ['problems', 'name', 'newest']

/** All of them, what needs someone first. */
const states: readonly WebhookState[] = [
  'invalid',
  'conflict',
  'blocked',
  'probing',
  'failing',
  'paused',
  'not-activated',
  'healthy',
  'idle',
  'off',
]

type Findable = Pick<ListedWebhook, 'id' | 'name' | 'url' | 'channels' | 'createdAt' | 'status'>

/** Those whose name, URL or a channel holds all the words, or whose id is one of them, in that state, in that order. */
export function findWebhooks<W extends Findable>(
  webhooks: readonly W[],
  { text, state, order }: { text: string; state: WebhookState | null; order: Order },
): W[] {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean)
  const fits = ({ id, name, url, channels, status }: W) => {
    if (state !== null && status.state !== state) return false
    const haystack = [name, url, ...channels].join('\n').toLowerCase()
    // Ids are random: part of one that fits would be a chance that nobody understands.
    return words.every((word) => haystack.includes(word) || word === id.toLowerCase())
  }
  return webhooks.filter(fits).sort(comparisons[order])
}

/** How many there are of each state that there is, what needs someone first. */
export function countStates(webhooks: readonly Findable[]): { state: WebhookState; count: number }[] {
  return states
    .map((state) => ({ state, count: webhooks.filter(({ status }) => status.state === state).length }))
    .filter(({ count }) => count > 0)
}

/** Till 9 comes before Till 10. */
const collator = new Intl.Collator(undefined, { numeric: true })
const byName = (a: Findable, b: Findable) => collator.compare(a.name, b.name) || (a.id < b.id ? -1 : 1)

const comparisons: Record<Order, (a: Findable, b: Findable) => number> = {
  problems: (a, b) => states.indexOf(a.status.state) - states.indexOf(b.status.state) || byName(a, b),
  name: byName,
  newest: (a, b) => Date.parse(b.createdAt) - Date.parse(a.createdAt) || byName(a, b),
}
