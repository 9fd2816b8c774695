import { createRequire } from 'node:module'
import { expect, test } from 'vitest'
import { inTurn, takeTurnsInFetches } from '../../../../../services/platform/kafka/kafkajs-patches/fetch-order.ts'

type State = { assign(topics: object[]): void; assigned(): { topic: string; partitions: number[] }[] }

const two = [
  { topic: 'a', partitions: [0, 1, 2, 3] },
  { topic: 'b', partitions: [0, 1, 2, 3] },
]

test('each partition of each topic comes first equally often', () => {
  const first = Array.from({ length: 16 }, (_, turn) => {
    const [topic] = inTurn(two, turn)
    return `${topic?.topic}${topic?.partitions[0]}`
  })
  expect(first.slice(0, 8).sort()).toEqual(['a0', 'a1', 'a2', 'a3', 'b0', 'b1', 'b2', 'b3'])
  expect(first.slice(8)).toEqual(first.slice(0, 8))
})

test.each([0, 1, 5, 7])('turn %i contains every partition', (turn) => {
  const sorted = inTurn(two, turn).map(({ topic, partitions }) => ({ topic, partitions: partitions.sort() }))
  expect(sorted.sort((a, b) => (a.topic < b.topic ? -1 : 1))).toEqual(two)
})

test('a fetch without partitions stays empty', () => {
  expect(inTurn([], 3)).toEqual([])
  expect(inTurn([{ topic: 'a', partitions: [] }], 3)).toEqual([{ topic: 'a', partitions: [] }])
})

test('the list that kafkajs fetches from is rotated', () => {
  takeTurnsInFetches()
  takeTurnsInFetches()
  const SubscriptionState = createRequire(import.meta.url)(
    'kafkajs/src/consumer/subscriptionState.js',
  ) as new () => State
  const state = new SubscriptionState()
  state.assign([{ topic: 'a', partitions: [0, 1, 2] }])
  const firsts = [1, 2, 3, 4].map(() => state.assigned()[0]?.partitions[0])
  expect(firsts).toEqual([0, 1, 2, 0])
})
