import { Reader } from '@platformatic/kafka'
import { parseAnswer } from '../../services/platform/kafka/wire/fetch-protocol.ts'
import { encodeProduce, type SequencedBatch } from '../../services/platform/kafka/wire/produce-protocol.ts'
import { putUnsigned } from '../../services/platform/kafka/wire/record-fields.ts'
import { readClientAnswer } from './kafka-layer/client-fetch.ts'
import { encodeClientProduce } from './kafka-layer/client-produce.ts'
import { median, rounded } from './usage.ts'
import { say } from './world.ts'

/**
 * `codecs`: CPU time of a record in decoding a Fetch answer and encoding a Produce request, without Kafka: with
 * our own codec, and with that of @platformatic/kafka, in turn.
 */

const rounds = 7
const roundMs = 60
const identity = { id: 1n, epoch: 0 }
const nowMs = 1_767_225_600_000
const topic = 'webhook-deliveries'
const topicId = 'ab'.repeat(16)

type Shape = { name: string; partitions: number; recordsEach: number }
type Codec = { name: string; work: () => unknown }

const shapes: Shape[] = [
  { name: 'one record', partitions: 1, recordsEach: 1 },
  { name: '12 partitions, one record each', partitions: 12, recordsEach: 1 },
  { name: '12 partitions, 100 records each', partitions: 12, recordsEach: 100 },
]

export async function codecs(): Promise<object> {
  const figures: Record<string, object> = {}
  for (const shape of shapes) {
    const batches = batchesOf(shape)
    const count = shape.partitions * shape.recordsEach
    figures[`decoding, ${shape.name}`] = await compare(decoders(batches), count)
    figures[`encoding, ${shape.name}`] = await compare(encoders(batches), count)
  }
  return figures
}

/** Microseconds of CPU a record: median of the rounds. */
async function compare(of: Codec[], count: number): Promise<object> {
  const micros = new Map<string, number[]>(of.map(({ name }) => [name, []]))
  for (let round = -2; round < rounds; round++)
    for (const { name, work } of of) {
      const perRecord = await measure(work, count)
      // The first rounds are for the compiler.
      if (round >= 0) micros.get(name)?.push(perRecord)
    }
  const result = Object.fromEntries([...micros].map(([name, values]) => [name, rounded(median(values), 2)]))
  say(JSON.stringify(result))
  return result
}

async function measure(work: () => unknown, count: number): Promise<number> {
  const before = process.cpuUsage()
  let calls = 0
  for (;;) {
    for (let index = 0; index < 10; index++) await work()
    calls += 10
    const { user, system } = process.cpuUsage(before)
    if (user + system > roundMs * 1_000) return (user + system) / calls / count
  }
}

function batchesOf({ partitions, recordsEach }: Shape): SequencedBatch[] {
  const value = Buffer.alloc(700, 120)
  return Array.from({ length: partitions }, (_unused, partition) => ({
    topic,
    partition,
    identity,
    sequence: 0,
    records: Array.from({ length: recordsEach }, (_none, index) => ({ key: `key-${index}`, value })),
  }))
}

function encoders(batches: SequencedBatch[]): Codec[] {
  return [
    { name: 'own', work: () => encodeProduce(batches, nowMs) },
    { name: 'client', work: () => encodeClientProduce(batches, nowMs).buffer },
  ]
}

function decoders(batches: SequencedBatch[]): Codec[] {
  const bodies = batches.map((batch) => recordsOf(encodeProduce([batch], nowMs)))
  const compact = compactAnswer(bodies)
  const source = { topic, fromOffset: 0 }
  const own = () =>
    parseAnswer(0, 1, 15, Reader.from(compact)).partitions.map(({ partition, read }) => read({ ...source, partition }))
  const client = () =>
    readClientAnswer(Reader.from(compact)).partitions.map(({ partition, read }) => read({ ...source, partition }))
  return [
    { name: 'own', work: own },
    { name: 'client', work: client },
  ]
}

/** The batch in a Produce request of one partition: from its base offset on. */
function recordsOf(request: Buffer): Buffer {
  const version = 2
  const headEnd = 16
  // The request ends with the tags of partition, topic and request.
  const end = request.length - 3
  for (let at = 0; at + headEnd < end; at++)
    if (
      request.readBigInt64BE(at) === 0n &&
      request.readInt32BE(at + 8) === end - at - 12 &&
      request[at + headEnd] === version
    )
      return request.subarray(at, end)
  throw new Error('there is no batch')
}

/** Fetch answer, version 15. */
function compactAnswer(bodies: Buffer[]): Buffer {
  const head = Buffer.concat([
    Buffer.alloc(10),
    Buffer.of(2),
    Buffer.from(topicId, 'hex'),
    Buffer.of(bodies.length + 1),
  ])
  const partitions = bodies.flatMap((body, partition) => {
    // Number, error, three offsets, no aborted transactions, no other replica.
    const fixed = Buffer.alloc(35)
    fixed.writeInt32BE(partition)
    fixed.writeInt32BE(-1, 31)
    return [fixed, varint(body.length + 1), body, Buffer.of(0)]
  })
  return Buffer.concat([head, ...partitions, Buffer.of(0, 0)])
}

function varint(value: number): Buffer {
  const bytes = Buffer.alloc(5)
  return bytes.subarray(0, putUnsigned(bytes, value, 0))
}
