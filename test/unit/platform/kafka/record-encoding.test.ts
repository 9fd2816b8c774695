import { createRequire } from 'node:module'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { encodeRecord } from '../../../../services/platform/kafka/record-encoding.ts'

const recordModule = 'kafkajs/src/protocol/recordBatch/record/v0/index.js'
const require = createRequire(import.meta.url)
const encodeByKafkajs = require(recordModule) as (fields: object) => { buffer: Buffer }

const bytes = fc.uint8Array({ maxLength: 300 }).map((array) => Buffer.from(array))
const texts = fc.string({ unit: 'binary', maxLength: 300 })
const fields = fc.record({
  offsetDelta: fc.oneof(fc.nat(300), fc.nat(2 ** 30 - 1)),
  timestampDelta: fc.oneof(fc.constant(0), fc.integer({ min: 1 - 2 ** 30, max: 2 ** 30 - 1 })),
  key: fc.oneof(fc.constant(null), bytes, texts),
  value: fc.oneof(fc.constant(null), bytes, texts),
})

test('writes the bytes that kafkajs writes', () => {
  fc.assert(
    fc.property(fields, (record) => {
      expect(encodeRecord(record)?.buffer.equals(encodeByKafkajs(record).buffer)).toBe(true)
    }),
    { numRuns: 2_000 },
  )
})

test.each([
  ['headers', { value: 'v', headers: { traceparent: '00-1' } }],
  ['a time far from the batch', { value: 'v', timestampDelta: 2 ** 31 }],
])('leaves %s to kafkajs', (_what, record) => {
  expect(encodeRecord(record)).toBeNull()
})
