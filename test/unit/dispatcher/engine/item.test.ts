import { expect, test } from 'vitest'
import { createItem } from '../../../../services/dispatcher/engine/item.ts'
import { delivery } from '../../../support/simulation.ts'

const itemAt = (topic: string, offset: number, parkedOffset: number | null) =>
  createItem({
    delivery: delivery('d', 'w', 'ana'),
    replayId: null,
    ratePerSecond: null,
    position: { topic, partition: 0, offset },
    taken: null,
    attempts: [],
    parkedOffset,
  })

test('an item that answers for a record in webhook-parked goes back there, to its first one', () => {
  const item = itemAt('webhook-deliveries', 44, null)
  expect(item.parkedOffset).toBeNull()
  for (const offset of [14, 22]) item.absorb(itemAt('webhook-parked', offset, offset))
  expect(item.parkedOffset).toBe(14)
})
