import { expect, test } from 'vitest'
import { inOrderOfSilence } from '../../../../../services/platform/kafka/kafkajs-patches/broker-loss.ts'

test('brokers are asked in the order in which they have been silent, the shortest time first', () => {
  const nowMs = Date.now()
  /** A broker whose unanswered requests are this old, on two connections. */
  const broker = (...agesMs: number[]) => ({
    isConnected: () => true,
    connectionPool: {
      host: 'broker',
      port: 9092,
      pool: [[], agesMs].map((ages) => ({
        requestQueue: { inflight: new Map(ages.map((ageMs, id) => [id, { sentAt: nowMs - ageMs }])) },
      })),
    },
  })
  for (let time = 0; time < 20; time++)
    expect(inOrderOfSilence({ 1: broker(10, 9_000), 2: broker(), 3: broker(900, 20) })).toEqual(['2', '3', '1'])
  const seen = new Set(Array.from({ length: 200 }, () => inOrderOfSilence({ 1: broker(), 2: broker() })[0]))
  expect(seen).toEqual(new Set(['1', '2']))
})
