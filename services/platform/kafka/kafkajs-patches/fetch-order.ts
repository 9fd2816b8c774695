import { createRequire } from 'node:module'

type TopicPartitions = { topic: string; partitions: number[] }
type SubscriptionState = { assigned(): TopicPartitions[]; [turn]?: number }

const patched = Symbol.for('hookline.kafkajs.fetch-order')
const turn = Symbol('fetches so far')

/**
 * Rotates the partitions in fetches. kafkajs 2.2.4 (consumer/subscriptionState) lists them in the same order every
 * time, and a broker fills a response in that order until maxBytes. With enough backlog in the first partitions, the
 * last ones would never be read. Here each fetch begins with another partition, so that responses can be small (KIP-74
 * asks clients to do so).
 */
export function takeTurnsInFetches(): void {
  const { prototype } = createRequire(import.meta.url)('kafkajs/src/consumer/subscriptionState.js') as {
    prototype: SubscriptionState & { [patched]?: true }
  }
  if (prototype[patched]) return
  prototype[patched] = true
  const assigned = prototype.assigned
  prototype.assigned = function (this: SubscriptionState) {
    const count = this[turn] ?? 0
    this[turn] = count + 1
    return inTurn(assigned.call(this), count)
  }
}

/** Every partition of every topic comes first once in topics x partitions turns. */
export function inTurn(topics: readonly TopicPartitions[], turn: number): TopicPartitions[] {
  if (topics.length === 0) return []
  const round = Math.floor(turn / topics.length)
  return rotated(topics, turn).map(({ topic, partitions }) => ({ topic, partitions: rotated(partitions, round) }))
}

function rotated<T>(items: readonly T[], by: number): T[] {
  const from = items.length === 0 ? 0 : by % items.length
  return [...items.slice(from), ...items.slice(0, from)]
}
