import { describe, expect, test } from 'vitest'
import type { WebhookDefinition } from '../../../../services/domain/definition/definition.ts'
import type { Delivery } from '../../../../services/domain/delivery/delivery.ts'
import type { Outcome } from '../../../../services/domain/delivery/outcome.ts'
import { offer, ok, owned, run, world } from '../../../support/engine-world.ts'
import { definition, delivery, type SimulatedWorld, statusDelivery } from '../../../support/simulation.ts'

const first = delivery('first', 'w', 'ana')
const second = delivery('second', 'w', 'ana')
const [delivered, read] = [
  statusDelivery('first', 'w', 'ana', 'delivered', 'm1'),
  statusDelivery('second', 'w', 'ana', 'read', 'm1'),
]
const forbidden: Outcome = { kind: 'rejected', reason: 'address', detail: 'not public' }
const set = (made: SimulatedWorld, changes: Partial<WebhookDefinition>) =>
  made.definitions.set('w', definition('w', changes))

type Case = {
  why: string
  deliveries: [Delivery, Delivery]
  begin?: (made: SimulatedWorld) => void
  /** Makes the second one sendable, right after the first has ended. */
  thereafter?: (made: SimulatedWorld) => void
  answer?: (id: string) => Outcome
}
const cases: Case[] = [
  {
    why: 'superseded by it',
    deliveries: [delivered, read],
    begin: (made) => set(made, { collapseStatuses: true, maxInFlight: 1 }),
  },
  {
    why: 'given up, because its webhook was off',
    deliveries: [first, second],
    begin: (made) => set(made, { enabled: false }),
    thereafter: (made) => set(made, {}),
  },
  { why: 'refused for its address', deliveries: [first, second], answer: (id) => (id === 'first' ? forbidden : ok) },
  {
    why: 'set aside, because a step of it throws',
    deliveries: [first, second],
    begin: (made) => {
      made.sabotage = (step, id) => {
        if (step === 'send' && id === 'first') throw new Error('of the first')
      }
    },
  },
]

describe.each(cases)('the earlier notification of a contact was $why', (each) => {
  /** Kafka acknowledges nothing until the test does. */
  const scene = () => {
    const held: (() => void)[] = []
    const made = world((id) => ({ outcome: each.answer?.(id) ?? ok }))
    each.begin?.(made)
    made.beforeAcknowledging = (acknowledge) => void held.push(acknowledge)
    return { made, held }
  }
  const offerBoth = (made: SimulatedWorld) => {
    // Keeps a webhook busy that takes one request at a time.
    offer(made, [delivery('other', 'w', 'bob'), each.deliveries[0]])
    each.thereafter?.(made)
    offer(made, [each.deliveries[1]], 2)
  }
  const settle = async (made: SimulatedWorld, forMs: number) => {
    for (let passed = 0; passed < forMs; passed += 100) {
      run(made, 100)
      await Promise.resolve()
    }
  }

  test('a later notification is sent once the end of the earlier one is in Kafka, not before', async () => {
    const { made, held } = scene()
    offerBoth(made)
    await settle(made, 5_000)
    expect(held.length, 'records that wait for Kafka').toBeGreaterThan(0)
    expect(made.sent.map(({ deliveryId }) => deliveryId)).not.toContain('second')
    for (const acknowledge of held.splice(0)) acknowledge()
    await settle(made, 1_000)
    expect(made.sent.map(({ deliveryId }) => deliveryId)).toContain('second')
  })

  test('a later notification is sent by another instance, if the partition leaves before', async () => {
    const { made, held } = scene()
    offerBoth(made)
    await settle(made, 1_000)
    made.engine.assign({ ...owned, partitions: new Map() })
    for (const acknowledge of held.splice(0)) acknowledge()
    await settle(made, 5_000)
    expect(made.sent.map(({ deliveryId }) => deliveryId)).not.toContain('second')
    expect(made.engine.pool.count).toBe(0)
  })
})
