import {
  type CreateRecordsBatchOptions,
  compressionsAlgorithms,
  createRecordsBatch,
  produceV9,
} from '@platformatic/kafka'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { Cursor } from '../../../../../services/platform/kafka/wire/cursor.ts'
import { encodeProduce } from '../../../../../services/platform/kafka/wire/produce-protocol.ts'
import { readRecords, UnreadableBatch } from '../../../../../services/platform/kafka/wire/record-batches.ts'

const nowMs = 1_767_225_600_123
const topic = 't'
const source = { topic, partition: 3, fromOffset: 0, aborted: [] }

type Written = { key: Buffer | null; value: Buffer | null; headers?: Record<string, string> }

/** Bytes of a batch as the client writes them. */
function batchOf(records: Written[], options: Partial<CreateRecordsBatchOptions> = {}, baseOffset = 0): Buffer {
  const messages = records.map(({ key, value, headers = {} }) => ({
    topic,
    partition: 3,
    key: key as Buffer,
    value: value as Buffer,
    headers: new Map(Object.entries(headers).map(([name, text]) => [Buffer.from(name), Buffer.from(text)])),
    timestamp: BigInt(nowMs),
  }))
  const bytes = Buffer.from(createRecordsBatch(messages, options).buffer)
  bytes.writeBigInt64BE(BigInt(baseOffset))
  return bytes
}

/** @param chunkBytes size of the pieces in which the socket delivers the bytes. */
const read = (bytes: Buffer, more: object = {}, chunkBytes = bytes.length) => {
  const chunks = Array.from({ length: Math.ceil(bytes.length / chunkBytes) }, (_unused, index) =>
    bytes.subarray(index * chunkBytes, (index + 1) * chunkBytes),
  )
  return readRecords(new Cursor(chunks), bytes.length, { ...source, ...more })
}
const textOf = (records: { value: Buffer | null }[]) => records.map(({ value }) => String(value))
const written = (...values: string[]): Written[] => values.map((value) => ({ key: null, value: Buffer.from(value) }))

const bytes = fc.option(fc.uint8Array({ maxLength: 300 }).map(Buffer.from))
const headers = fc.dictionary(fc.string({ maxLength: 20 }), fc.string({ maxLength: 20 }), { maxKeys: 3 })

test('records are read as the client writes them, in whatever pieces they arrive', () => {
  fc.assert(
    fc.property(
      fc.array(fc.record({ key: bytes, value: bytes, headers }), { minLength: 1 }),
      fc.nat(),
      fc.integer({ min: 1, max: 1_000 }),
      (records, base, chunkBytes) => {
        const { records: got, nextOffset } = read(batchOf(records, {}, base), {}, chunkBytes)
        expect(nextOffset).toBe(base + records.length)
        const expected = records.map(({ key, value, headers: named }, index) => ({
          topic,
          partition: 3,
          offset: base + index,
          key,
          value,
          headers: Object.entries(named).map(([name, text]) => [name, text]),
          timestampMs: nowMs,
        }))
        const plain = got.map((one) => ({
          ...one,
          headers: Object.entries(one.headers ?? {}).map(([name, text]) => [name, String(text)]),
        }))
        expect(plain).toEqual(expected)
      },
    ),
  )
})

test.each(['gzip', 'snappy', 'lz4', 'zstd'] as const)(
  'records of a batch compressed with %s are read',
  (compression) => {
    if (!compressionsAlgorithms[compression].available) throw new Error('not available')
    const two = Buffer.concat([batchOf(written('a', 'b'), { compression }), batchOf(written('c'), { compression }, 2)])
    expect(textOf(read(two, {}, 50).records)).toEqual(['a', 'b', 'c'])
  },
)

test('reading begins at the wanted record within a batch, and skips batches before it', () => {
  const all = Buffer.concat([batchOf(written('a', 'b')), batchOf(written('c', 'd', 'e'), {}, 2)])
  const { records, nextOffset } = read(all, { fromOffset: 3 })
  expect({ texts: textOf(records), nextOffset }).toEqual({ texts: ['d', 'e'], nextOffset: 5 })
})

test('a batch that the answer cuts off is left for the next fetch', () => {
  const [first, second] = [batchOf(written('a', 'b')), batchOf(written('c'), {}, 2)]
  for (let cut = 0; cut < second.length; cut++) {
    const { records, nextOffset } = read(Buffer.concat([first, second.subarray(0, cut)]))
    expect({ texts: textOf(records), nextOffset }).toEqual({ texts: ['a', 'b'], nextOffset: 2 })
  }
})

test('a record with another length than it says is an error that names its partition', () => {
  const damaged = batchOf(written('abc'))
  damaged[61] = (damaged[61] ?? 0) + 2
  expect(() => read(Buffer.concat([damaged, Buffer.alloc(8)]))).toThrow(UnreadableBatch)
  const old = batchOf(written('abc'))
  old[16] = 1
  expect(() => read(old)).toThrow('t/3 has format 1 of messages')
})

test('a Produce request has the bytes that the client writes', () => {
  const record = fc.record({ key: bytes, value: bytes, headers }, { requiredKeys: ['key', 'value'] })
  const batch = fc.record({
    topic: fc.constantFrom('orders', 'other'),
    partition: fc.integer({ min: 0, max: 400 }),
    records: fc.array(record, { minLength: 1, maxLength: 5 }),
  })
  const identity = { id: 4_711n, epoch: 3 }
  const distinct = { selector: (one: { topic: string; partition: number }) => `${one.topic}:${one.partition}` }
  fc.assert(
    fc.property(fc.uniqueArray(batch, { minLength: 1, maxLength: 6, ...distinct }), fc.nat(), (drawn, sequence) => {
      // The client orders the partitions of a topic by number.
      const batches = drawn.toSorted((a, b) => a.partition - b.partition)
      const messages = batches.flatMap((of) =>
        of.records.map((one) => ({
          topic: of.topic,
          partition: of.partition,
          key: one.key as Buffer,
          value: one.value as Buffer,
          headers: new Map(
            Object.entries(one.headers ?? {}).map(([name, text]) => [Buffer.from(name), Buffer.from(text)]),
          ),
          timestamp: BigInt(nowMs),
        })),
      )
      const sequences = { getWithDefault: () => sequence } as unknown as NonNullable<
        CreateRecordsBatchOptions['sequences']
      >
      const theirs = produceV9.createRequest(-1, 15_000, messages, {
        producerId: identity.id,
        producerEpoch: identity.epoch,
        sequences,
      }).buffer
      const own = encodeProduce(
        batches.map((of) => ({
          topic: of.topic,
          partition: of.partition,
          identity,
          sequence,
          records: of.records.map(({ key, value, headers: named }) => ({
            key,
            value,
            ...(named && { headers: named }),
          })),
        })),
        nowMs,
      )
      expect(own.equals(theirs)).toBe(true)
    }),
  )
})
