import type { Attempt, DeadLetter, Delivery, PendingDelivery } from '../domain/delivery.ts'
import type { Codec, Decode, Encode } from '../platform/codec.ts'
import { partitionOfKey } from '../platform/kafka/key-partition.ts'
import type { BatchingProducer } from '../platform/kafka/producer.ts'
import type { RangeReader } from '../platform/kafka/range-reader.ts'
import { OrderedDecoder } from '../platform/ordered-decoder.ts'
import { schemaOf, subjectOf, topicName } from '../schemas.ts'
import { type Topic, topics } from '../topics.ts'

/** Reads a webhook's records that Kafka got at or after a time, in their order. */
export type Scan<T> = (webhookId: string, sinceMs: number, onValue: (value: T) => void) => Promise<void>

/** What replays are found in, and written to. */
export type ReplayTopics = {
  deliveries: Scan<Delivery>
  attempts: Scan<Attempt>
  deadLetters: Scan<DeadLetter>
  replays: Scan<PendingDelivery>
  /** Of webhook-deliveries, the newest records first. */
  findDelivery(webhookId: string, deliveryId: string): Promise<Delivery | undefined>
  /** Resolves when Kafka has all of them. */
  write(pending: PendingDelivery[]): Promise<void>
  /** A test notification, for webhook-tests. */
  writeTest(pending: PendingDelivery): Promise<void>
  /** From now on: each call of the result reads the attempts that have come since the last one. */
  followAttempts(webhookId: string): Promise<(onAttempt: (attempt: Attempt) => void) => Promise<void>>
}

type Source<T> = { topic: string; decode: Decode<T> }
type Reader = Pick<RangeReader, 'read' | 'ends' | 'offsetsAt'>

const read = [topics.webhookDeliveries, topics.webhookAttempts, topics.webhookDeadLetters, topics.webhookReplays]
/** So many offsets are looked through at a time, from the end. */
const sliceOffsets = 50_000

export function replayTopicNames(prefix: string): string[] {
  return read.map((topic) => topicName(topic, prefix))
}

/** Waits until the schema is registered. */
export async function openReplayTopics(
  codec: Codec,
  prefix: string,
  reader: Reader,
  send: BatchingProducer['send'],
): Promise<ReplayTopics> {
  const source = <T>(topic: Topic): Source<T> => ({
    topic: topicName(topic, prefix),
    decode: codec.decoder<T>(schemaOf(topic)),
  })
  const deliveries = source<Delivery>(topics.webhookDeliveries)
  const attempts = source<Attempt>(topics.webhookAttempts)
  const writer = async (topic: Topic) => {
    const encode: Encode<PendingDelivery> = await codec.encoder(subjectOf(topic, prefix), schemaOf(topic))
    const name = topicName(topic, prefix)
    return (pending: PendingDelivery) => send({ topic: name, key: pending.delivery.webhookId, value: encode(pending) })
  }
  const writeReplay = await writer(topics.webhookReplays)
  const writeTest = await writer(topics.webhookTests)
  return {
    deliveries: scanner(reader, deliveries),
    attempts: scanner(reader, attempts),
    deadLetters: scanner(reader, source<DeadLetter>(topics.webhookDeadLetters)),
    replays: scanner(reader, source<PendingDelivery>(topics.webhookReplays)),
    findDelivery: (webhookId, deliveryId) => findNewest(reader, deliveries, webhookId, deliveryId),
    async write(all) {
      await Promise.all(all.map(writeReplay))
    },
    async writeTest(pending) {
      await writeTest(pending)
    },
    followAttempts: (webhookId) => follow(reader, attempts, webhookId),
  }
}

function scanner<T>(reader: Reader, source: Source<T>): Scan<T> {
  return async (webhookId, sinceMs, onValue) => {
    const { partition, high } = await placeOf(reader, source.topic, webhookId)
    const from = (await reader.offsetsAt(source.topic, sinceMs)).get(partition) ?? 0
    await scan(reader, source, { webhookId, partition, from, to: high }, onValue)
  }
}

async function follow<T>(reader: Reader, source: Source<T>, webhookId: string) {
  const { partition, high } = await placeOf(reader, source.topic, webhookId)
  let from = high
  return async (onValue: (value: T) => void): Promise<void> => {
    const { high: to } = await placeOf(reader, source.topic, webhookId)
    await scan(reader, source, { webhookId, partition, from, to }, onValue)
    from = to
  }
}

async function findNewest(
  reader: Reader,
  source: Source<Delivery>,
  webhookId: string,
  deliveryId: string,
): Promise<Delivery | undefined> {
  const { partition, low, high } = await placeOf(reader, source.topic, webhookId)
  let found: Delivery | undefined
  for (let to = high; to > low && !found; to -= sliceOffsets) {
    const from = Math.max(low, to - sliceOffsets)
    await scan(reader, source, { webhookId, partition, from, to }, (delivery) => {
      if (delivery.deliveryId === deliveryId) found = delivery
    })
  }
  return found
}

async function scan<T>(
  reader: Reader,
  { topic, decode }: Source<T>,
  { webhookId, partition, from, to }: { webhookId: string; partition: number; from: number; to: number },
  onValue: (value: T) => void,
): Promise<void> {
  const wanted = Buffer.from(webhookId)
  const decoder = new OrderedDecoder(decode)
  await reader.read(topic, partition, from, to, ({ key, value }) => {
    if (value && key?.equals(wanted)) decoder.push(value, onValue)
  })
  await decoder.done()
}

/** Everything of a webhook is in one partition number. */
async function placeOf(reader: Reader, topic: string, webhookId: string) {
  const ends = await reader.ends(topic)
  const partition = partitionOfKey(webhookId, ends.length)
  return { partition, low: ends[partition]?.low ?? 0, high: ends[partition]?.high ?? 0 }
}
