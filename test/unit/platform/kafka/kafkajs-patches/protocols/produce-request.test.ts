import { createRequire } from 'node:module'
import fc from 'fast-check'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import {
  encodeCall,
  writtenOnce,
} from '../../../../../../services/platform/kafka/kafkajs-patches/protocols/produce-request.ts'

type Make = Parameters<typeof writtenOnce>[0]

const require = createRequire(import.meta.url)
const ofKafkajs = require('kafkajs/src/protocol/requests/produce/v3/request.js') as Make
const callOfKafkajs = require('kafkajs/src/protocol/request.js') as ReturnType<typeof encodeCall>

beforeEach(() => void vi.useFakeTimers({ now: Date.UTC(2027, 0, 15), toFake: ['Date'] }))
afterEach(() => void vi.useRealTimers())

const bytes = fc.uint8Array({ maxLength: 300 }).map((array) => Buffer.from(array))
const texts = fc.string({ unit: 'binary', maxLength: 300 })
const content = fc.oneof(fc.constant(null), bytes, texts)
const messages = fc.array(fc.record({ key: content, value: content }), { minLength: 1, maxLength: 140 })
const partitions = fc.array(fc.record({ partition: fc.nat(100), messages }), { maxLength: 3 })
const topicData = fc.array(fc.record({ topic: texts, partitions }), { maxLength: 3 })
const common = { acks: -1, timeout: 30_000 }

test('a produce request has the bytes that kafkajs writes', async () => {
  await fc.assert(
    fc.asyncProperty(topicData, async (data) => {
      const fields = { ...common, topicData: data }
      const [own, theirs] = await Promise.all([writtenOnce(ofKafkajs), ofKafkajs].map((make) => make(fields).encode()))
      expect(own?.buffer.equals(theirs?.buffer ?? Buffer.alloc(0))).toBe(true)
      expect(own?.size()).toBe(theirs?.size())
    }),
    { numRuns: 300 },
  )
})

test('a large record has the bytes that kafkajs writes', async () => {
  const data = [{ topic: 't', partitions: [{ partition: 3, messages: [{ value: Buffer.alloc(900_000, 'x') }] }] }]
  const [own, theirs] = await Promise.all(
    [writtenOnce(ofKafkajs), ofKafkajs].map((make) => make({ ...common, topicData: data }).encode()),
  )
  expect(own?.buffer.equals(theirs?.buffer ?? Buffer.alloc(0))).toBe(true)
})

test.each([
  ['headers', {}, { value: 'v', headers: { traceparent: '00-1' } }],
  ['a time of its own', {}, { value: 'v', timestamp: '1' }],
  ['an idempotent producer', { producerId: 7 }, { value: 'v' }],
  ['a transaction', { transactionalId: 't' }, { value: 'v' }],
  ['compression', { compression: 1 }, { value: 'v' }],
])('a produce request with %s is left to kafkajs', (_what, more, message) => {
  const fields = {
    ...common,
    ...more,
    topicData: [{ topic: 't', partitions: [{ partition: 0, messages: [message] }] }],
  }
  const request = { apiKey: 0, apiVersion: 3, encode: () => expect.unreachable() }
  expect(writtenOnce(() => request as never)(fields)).toBe(request)
})

test('a request of any kind is sent as kafkajs sends it', async () => {
  const any = fc.record({ body: bytes, correlationId: fc.nat(), clientId: texts, apiKey: fc.nat(60) })
  await fc.assert(
    fc.asyncProperty(any, async ({ body, correlationId, clientId, apiKey }) => {
      const encode = async () => ({ buf: body, buffer: body, size: () => body.length })
      const call = { correlationId, clientId, request: { apiKey, apiVersion: 7, encode } }
      const [own, theirs] = await Promise.all([encodeCall(null)(call), callOfKafkajs(call)])
      expect(own.buffer.equals(theirs.buffer)).toBe(true)
    }),
  )
})
