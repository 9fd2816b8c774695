import { expect, test } from 'vitest'
import { SeedList } from '../../../../services/platform/kafka/broker-list.ts'

const [a, b] = [
  { host: 'a', port: 9092 },
  { host: 'b', port: 9092 },
]

test('two clients that fail at the same bootstrap broker skip it once', () => {
  const seeds = new SeedList([a, b])
  seeds.skip(a)
  seeds.skip(a)
  expect(seeds.current).toEqual(b)
})

test('after the last bootstrap broker comes the first', () => {
  const seeds = new SeedList([a, b])
  seeds.skip(a)
  seeds.skip(b)
  expect(seeds.current).toEqual(a)
})
