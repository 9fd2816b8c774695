import { createRequire } from 'node:module'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import {
  fetchRequest,
  fetchResponse,
} from '../../../../../../services/platform/kafka/kafkajs-patches/protocols/fetch-protocol.ts'

type Response = Parameters<typeof fetchResponse>[0]
type Encoder = {
  readonly buffer: Buffer
  writeInt16(value: number): Encoder
  writeInt32(value: number): Encoder
  writeInt64(value: string): Encoder
  writeString(value: string): Encoder
  writeBufferInternal(value: Buffer): void
}

const require = createRequire(import.meta.url)
const requestOfKafkajs = require('kafkajs/src/protocol/requests/fetch/v11/request.js') as Parameters<
  typeof fetchRequest
>[0]
const responseOfKafkajs = require('kafkajs/src/protocol/requests/fetch/v11/response.js') as Response
const { RecordBatch } = require('kafkajs/src/protocol/recordBatch/v0/index.js')
const recordOf = require('kafkajs/src/protocol/recordBatch/record/v0/index.js')
const NewEncoder = require('kafkajs/src/protocol/encoder.js') as new () => Encoder

const names = fc.string({ unit: 'binary', maxLength: 40 })
const int32 = fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 })
const offsets = fc.bigInt({ min: 0n, max: 2n ** 63n - 1n }).map(String)

const asked = fc.record({ partition: fc.nat(), fetchOffset: offsets, maxBytes: int32 })
const fields = fc.record({
  replicaId: int32,
  maxWaitTime: int32,
  minBytes: int32,
  maxBytes: int32,
  isolationLevel: fc.constantFrom(0, 1),
  topics: fc.array(fc.record({ topic: names, partitions: fc.array(asked, { maxLength: 4 }) }), { maxLength: 4 }),
  rackId: names,
})

test('a fetch request has the bytes that kafkajs writes', async () => {
  await fc.assert(
    fc.asyncProperty(fields, async (given) => {
      const [own, theirs] = await Promise.all(
        [fetchRequest(requestOfKafkajs), requestOfKafkajs].map((make) => make(given).encode() as Promise<Encoder>),
      )
      expect(own?.buffer.equals(theirs?.buffer ?? Buffer.alloc(0))).toBe(true)
    }),
    { numRuns: 300 },
  )
})

type Answered = {
  partition: number
  errorCode: number
  highWatermark: string
  aborted: string[]
  preferredReadReplica: number
  batches: { firstOffset: string; values: string[] }[]
  /** The answer was full within its last batch; the first batch is always complete (KIP-74). */
  cutBytes: number
}

const answered: fc.Arbitrary<Answered> = fc.record({
  partition: fc.nat(),
  errorCode: fc.constantFrom(0, 0, 0, 6),
  highWatermark: offsets,
  aborted: fc.oneof({ weight: 3, arbitrary: fc.array(offsets, { maxLength: 0 }) }, fc.array(offsets, { maxLength: 2 })),
  preferredReadReplica: fc.constantFrom(-1, -1, -1, 2),
  batches: fc.oneof(
    fc.constant<Answered['batches']>([]),
    fc.array<Answered['batches'][number]>(
      fc.record({
        firstOffset: fc.nat(1_000_000).map(String),
        values: fc.array(names, { minLength: 1, maxLength: 4 }),
      }),
      { maxLength: 3 },
    ),
  ),
  cutBytes: fc.oneof(fc.constant(0), fc.nat(60)),
})
const answers = fc.array(fc.record({ topicName: names, partitions: fc.array(answered, { maxLength: 6 }) }), {
  maxLength: 4,
})

async function recordBytes({ batches, cutBytes }: Answered): Promise<Buffer> {
  const buffers: Buffer[] = []
  for (const { firstOffset, values } of batches) {
    const records = values.map((value, offsetDelta) =>
      recordOf({ offsetDelta, timestampDelta: 0, key: null, value, headers: {} }),
    )
    const batch = await RecordBatch({ firstOffset, firstTimestamp: 1, maxTimestamp: 1, records })
    buffers.push(batch.buffer)
  }
  const all = Buffer.concat(buffers)
  return batches.length > 1 ? all.subarray(0, all.length - cutBytes) : all
}

async function responseOf(topics: { topicName: string; partitions: Answered[] }[]): Promise<Buffer> {
  const encoder = new NewEncoder().writeInt32(5).writeInt16(0).writeInt32(0).writeInt32(topics.length)
  for (const { topicName, partitions } of topics) {
    encoder.writeString(topicName).writeInt32(partitions.length)
    for (const one of partitions) {
      encoder.writeInt32(one.partition).writeInt16(one.errorCode)
      for (const offset of [one.highWatermark, one.highWatermark, '0']) encoder.writeInt64(offset)
      encoder.writeInt32(one.aborted.length)
      for (const offset of one.aborted) encoder.writeInt64('7').writeInt64(offset)
      const bytes = await recordBytes(one)
      encoder.writeInt32(one.preferredReadReplica).writeInt32(bytes.length).writeBufferInternal(bytes)
    }
  }
  return encoder.buffer
}

test('a fetch response is read as kafkajs reads it, except for empty partitions', async () => {
  let records = 0
  await fc.assert(
    fc.asyncProperty(answers, async (topics) => {
      const bytes = await responseOf(topics)
      const theirs = (await responseOfKafkajs.decode(Buffer.from(bytes))) as { responses: { partitions: object[] }[] }
      for (const [index, { partitions }] of theirs.responses.entries()) {
        const given = topics[index]?.partitions ?? []
        const sizes = await Promise.all(given.map(async (one) => (await recordBytes(one)).length))
        const tells = ({ errorCode, aborted, preferredReadReplica }: Answered, at: number) =>
          errorCode !== 0 || aborted.length > 0 || preferredReadReplica !== -1 || (sizes[at] ?? 0) > 0
        const kept = partitions.filter((_partition, at) => given[at] && tells(given[at], at))
        partitions.splice(0, partitions.length, ...kept)
      }
      theirs.responses = theirs.responses.filter(({ partitions }) => partitions.length > 0)
      const own = await fetchResponse(responseOfKafkajs).decode(bytes)
      expect(own).toEqual(theirs)
      records += JSON.stringify(own).split('"offset"').length - 1
    }),
    { numRuns: 200 },
  )
  expect(records).toBeGreaterThan(100)
})

test('an error in a fetch response is reported as kafkajs reports it', async () => {
  const partition = {
    partition: 3,
    highWatermark: '9',
    aborted: [],
    preferredReadReplica: -1,
    batches: [],
    cutBytes: 0,
  }
  const bytes = await responseOf([{ topicName: 't', partitions: [{ ...partition, errorCode: 1 }] }])
  const { decode, parse } = fetchResponse(responseOfKafkajs)
  await expect(decode(bytes).then(parse)).rejects.toMatchObject({ name: 'KafkaJSOffsetOutOfRange', partition: 3 })
})
