import { createRequire } from 'node:module'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { choosePartition } from '../../../../../services/platform/kafka/partitioning/key-partition.ts'
import { murmur2 } from '../../../../../services/platform/kafka/partitioning/murmur2.ts'

const require = createRequire(import.meta.url)
const murmur2OfKafkajs = require('kafkajs/src/producer/partitioners/default/murmur2.js') as (key: Buffer) => number

// Values of Apache Kafka's own UtilsTest.testMurmur2.
test.each([
  ['21', -973932308],
  ['foobar', -790332482],
  ['a-little-bit-long-string', -985981536],
  ['a-little-bit-longer-string', -1486304829],
  ['lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8', -58897971],
  ['abc', 479470107],
])('the hash of %s equals that of the Java client', (key, hash) => {
  expect(murmur2(Buffer.from(key))).toBe(hash)
})

test('every key of any bytes is assigned the partition that kafkajs chooses', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 70 }), fc.integer({ min: 1, max: 200 }), (bytes, count) => {
      const key = Buffer.from(bytes)
      expect(murmur2(key)).toBe(murmur2OfKafkajs(key))
      expect(choosePartition(key, count)).toBe((murmur2OfKafkajs(key) & 0x7fffffff) % count)
    }),
    { numRuns: 2_000 },
  )
})

test('a text key is assigned the partition of its UTF-8 bytes', () => {
  expect(choosePartition('größe:🙂', 12)).toBe(choosePartition(Buffer.from('größe:🙂'), 12))
})

test('hashing a key of a megabyte takes linear time', () => {
  // kafkajs takes minutes for it, which would exceed the test's time limit.
  expect(murmur2(Buffer.alloc(1_000_000, 'k'))).toBe(murmur2(Buffer.from('k'.repeat(1_000_000))))
})
