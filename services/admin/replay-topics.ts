import type { Attempt, DeadLetter, Delivery, PendingDelivery } from '../domain/delivery.ts'
import type { Codec, Encode } from '../platform/codec.ts'
import type { BatchingProducer } from '../platform/kafka/producer.ts'
import { schemaOf, subjectOf, topicName } from '../schemas.ts'
import { type Topic, topics } from '../topics.ts'
import { placeOf, type Reader, readOwn, type Source, sourceOf } from './own-records.ts'

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
  const source = <T>(topic: Topic) => sourceOf<T>(codec, prefix, topic)
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
    await readOwn(reader, source, { webhookId, partition, from, to: high }, onValue)
  }
}

async function follow<T>(reader: Reader, source: Source<T>, webhookId: string) {
  const { partition, high } = await placeOf(reader, source.topic, webhookId)
  let from = high
  return async (onValue: (value: T) => void): Promise<void> => {
    const { high: to } = await placeOf(reader, source.topic, webhookId)
    await readOwn(reader, source, { webhookId, partition, from, to }, onValue)
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
    await readOwn(reader, source, { webhookId, partition, from, to }, (delivery) => {
      if (delivery.deliveryId === deliveryId) found = delivery
    })
  }
  return found
}
