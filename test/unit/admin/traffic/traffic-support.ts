import type { TrafficTopics } from '../../../../services/admin/traffic/traffic-topics.ts'
import type { Attempt, DeadLetter, Delivery } from '../../../../services/domain/delivery/delivery.ts'
import { attempt, delivery, letter } from '../replay/replay-support.ts'

export type FakeTraffic = {
  /** Attempts of partition 3 by offset. */
  attempts: Map<number, Attempt>
  letters: DeadLetter[]
  delivery: Delivery | undefined
}

/** One attempt, at 3-7, one dead letter and one delivery of webhook wh_a, or the given ones. */
export function fakeTraffic(given: Partial<FakeTraffic> = {}): TrafficTopics {
  const { attempts = new Map([[7, attempt('d1')]]), letters = [letter('d1', 0)] } = given
  const held = 'delivery' in given ? given.delivery : delivery('d1')
  return {
    async attempts({ matches, limit }) {
      const found = [...attempts].filter(([, value]) => matches(value)).reverse()
      const page = found.slice(0, limit).map(([offset, value]) => ({ partition: 3, offset, value }))
      const next = found.length > limit ? (page.at(-1)?.offset ?? null) : null
      return { found: page, next, readTo: next ?? 0 }
    },
    attempt: async (_webhookId, partition, offset) => (partition === 3 ? attempts.get(offset) : undefined),
    async deadLetters({ matches, limit }) {
      const found = letters.filter(matches).reverse().slice(0, limit)
      return { found: found.map((value, offset) => ({ partition: 3, offset, value })), next: null, readTo: 0 }
    },
    async newDeliveries({ from, limit }) {
      return {
        found: from === null || !held ? [] : [{ partition: 3, offset: from, value: held }].slice(0, limit),
        next: 8,
      }
    },
    findDelivery: async () => held,
  }
}
