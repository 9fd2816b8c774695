import type { Attempt, DeadLetter, Delivery, PendingDelivery } from '../../domain/delivery/delivery.ts'
import { orderKey, type ReplayOrder, readOrder } from '../../domain/delivery/replay-orders.ts'
import { projection } from '../../platform/avro/avro-projection.ts'
import { type Codec, type Encode, mapDecode } from '../../platform/avro/codec.ts'
import type { ConsumedRecord } from '../../platform/kafka/consumer.ts'
import type { BatchingProducer } from '../../platform/kafka/produce/producer.ts'
import { readSchema } from '../../topics/schemas.ts'
import { type Topic, topics } from '../../topics/topic-map.ts'
import type { TopicUse } from '../../topics/topic-use.ts'
import {
  findPartitionRange,
  openTopicSource,
  type Reader,
  readOwn,
  type TopicSource,
} from '../records/webhook-records.ts'
import {
  type EventScans,
  eventScans,
  eventTopicNames,
  type Formatted,
  openEventTopics,
} from './selection/event-scans.ts'
import type { WholeSource } from './selection/replay-selected.ts'

/** Fields of records by which replays are selected. Bodies and earlier attempts are skipped. */
type DeliveryHead = Pick<Delivery, 'deliveryId' | 'businessId' | 'contactId' | 'createdAt'>
export type AttemptHead = Pick<
  Attempt,
  'deliveryId' | 'businessId' | 'startedAt' | 'outcome' | 'cause' | 'next' | 'test' | 'replayId'
>
export type LetterHead = Pick<DeadLetter, 'deadLetteredAt'> & { delivery: DeliveryHead | null }
export type ReplayHead = Pick<PendingDelivery, 'replayId'> & { delivery: DeliveryHead }

/** Position of a record in its partition, and the size of its value. */
export type RecordPlace = { offset: number; bytes: number }

/** Reads a webhook's records from a time on, in order. */
export type Scan<T> = (
  webhookId: string,
  sinceMs: number,
  onValue: (value: T, place: RecordPlace) => void,
) => Promise<void>

/** Topics in which replays are searched. */
export type ReplayScans = EventScans & {
  deliveries: Scan<DeliveryHead>
  attempts: Scan<AttemptHead>
  deadLetters: Scan<LetterHead>
  /** Also reports the ids of stopped replays of the same partition. */
  replays(
    webhookId: string,
    sinceMs: number,
    onValue: (value: ReplayHead, place: RecordPlace) => void,
    onStop: (replayId: string) => void,
  ): Promise<void>
  /**
   * Newest record of one notification: from webhook-deliveries, or else from the dead letters, which are kept longer, or
   * from webhook-replays, where back-filled ones begin, and what messages were joined into.
   */
  findWhole(webhookId: string, deliveryId: string): Promise<Delivery | undefined>
  /** Notifications at the wanted offsets in the range from <= offset < to. */
  readWhole(
    source: WholeSource,
    webhookId: string,
    range: { from: number; to: number },
    wanted: (offset: number) => boolean,
    onDelivery: (delivery: Delivery, offset: number) => void,
  ): Promise<void>
}

/** Reads the attempts of a webhook that were written since the last call. */
export type ReadNewAttempts = (reader: Reader, onAttempt: (attempt: Attempt) => void) => Promise<void>

/** Topics in which replays are searched, and the writers of replays and tests. */
export type ReplayTopics = {
  within(reader: Reader): ReplayScans
  /** Resolves once Kafka has all records. */
  write(pending: PendingDelivery[]): Promise<void>
  /** Writes an order about the webhook. Resolves once Kafka has the record. */
  writeOrder(reader: Reader, webhookId: string, order: ReplayOrder): Promise<void>
  /** Writes a test notification to webhook-tests. */
  writeTest(pending: PendingDelivery): Promise<void>
  /** Reads attempts from now on. */
  followAttempts(reader: Reader, webhookId: string): Promise<ReadNewAttempts>
}

/** Topics with the webhook's id as key. */
const read = [topics.webhookDeliveries, topics.webhookAttempts, topics.webhookDeadLetters, topics.webhookReplays]
/** Offsets read per step, backwards from the end. */
const sliceOffsets = 50_000

const deliveryFields = ['deliveryId', 'businessId', 'contactId', 'createdAt']
const withinDelivery = deliveryFields.map((name) => `delivery.${name}`)
const attemptFields = ['deliveryId', 'businessId', 'startedAt', 'outcome', 'cause', 'next', 'test', 'replayId']

export function replayTopicNames(use: TopicUse): string[] {
  return [...read.map((topic) => use.read(topic)), ...eventTopicNames(use)]
}

/** Opens the topics. Waits until their schemas are registered. @param formatted the formatter's commits. */
export async function openReplayTopics(
  codec: Codec,
  use: TopicUse,
  send: BatchingProducer['send'],
  formatted: () => Promise<Formatted>,
): Promise<ReplayTopics> {
  const head = <T>(topic: Topic, paths: string[]): TopicSource<T> => ({
    topic: use.read(topic),
    decode: codec.decoder<T>(projection(readSchema(topic), paths)),
  })
  const heads = {
    deliveries: head<DeliveryHead>(topics.webhookDeliveries, deliveryFields),
    attempts: head<AttemptHead>(topics.webhookAttempts, attemptFields),
    deadLetters: head<LetterHead>(topics.webhookDeadLetters, ['deadLetteredAt', ...withinDelivery]),
    replays: head<ReplayHead>(topics.webhookReplays, ['replayId', ...withinDelivery]),
  }
  const events = openEventTopics(codec, use)
  const attempts = openTopicSource<Attempt>(codec, use, topics.webhookAttempts)
  const whole: Record<WholeSource, TopicSource<Delivery>> = {
    deliveries: openTopicSource<Delivery>(codec, use, topics.webhookDeliveries),
    replays: heldDeliveries(openTopicSource<PendingDelivery>(codec, use, topics.webhookReplays)),
    deadLetters: heldDeliveries(openTopicSource<DeadLetter>(codec, use, topics.webhookDeadLetters)),
  }
  const writer = async (topic: Topic) => {
    const name = use.write(topic)
    const encode: Encode<PendingDelivery> = await codec.encoder(use.subject(topic), readSchema(topic))
    // Refused while the topic may not be written: somebody waits for the answer.
    return (pending: PendingDelivery) =>
      send({ topic: name, key: pending.delivery.webhookId, value: encode(pending), whileForbidden: 'refuse' })
  }
  const writeReplay = await writer(topics.webhookReplays)
  const writeTest = await writer(topics.webhookTests)
  return {
    within: (reader) => ({
      ...eventScans(reader, events, formatted),
      deliveries: scanner(reader, heads.deliveries),
      attempts: scanner(reader, heads.attempts),
      deadLetters: scanner(reader, heads.deadLetters),
      replays: (webhookId, sinceMs, onValue, onStop) =>
        scanner(reader, heads.replays, (record) => {
          const order = readOrder(record)
          if (order?.kind === 'stop') onStop(order.replayId)
        })(webhookId, sinceMs, onValue),
      async findWhole(webhookId, deliveryId) {
        const isMeant = (delivery: DeliveryHead | null) => delivery?.deliveryId === deliveryId
        return (
          (await findNewest(reader, heads.deliveries, whole.deliveries, webhookId, isMeant)) ??
          (await findNewest(reader, heads.deadLetters, whole.deadLetters, webhookId, ({ delivery }) =>
            isMeant(delivery),
          )) ??
          (await findNewest(reader, heads.replays, whole.replays, webhookId, ({ delivery }) => isMeant(delivery)))
        )
      },
      async readWhole(source, webhookId, { from, to }, wanted, onDelivery) {
        const { partition } = await findPartitionRange(reader, whole[source].topic, webhookId)
        const onValue = (delivery: Delivery, { offset }: RecordPlace) => onDelivery(delivery, offset)
        await readOwn(reader, whole[source], { webhookId, partition, from, to }, onValue, wanted)
      },
    }),
    async write(all) {
      await Promise.all(all.map(writeReplay))
    },
    async writeOrder(reader, webhookId, order) {
      const { topic } = heads.replays
      const { partition } = await findPartitionRange(reader, topic, webhookId)
      await send({ topic, key: orderKey(order), partition, value: null })
    },
    async writeTest(pending) {
      await writeTest(pending)
    },
    followAttempts: (reader, webhookId) => follow(reader, attempts, webhookId),
  }
}

/** Decodes records to the notifications in them. A dead letter without one is treated as unreadable. */
function heldDeliveries<T extends { delivery: Delivery | null }>({
  topic,
  decode,
}: TopicSource<T>): TopicSource<Delivery> {
  return {
    topic,
    decode: mapDecode(decode, ({ delivery }) =>
      delivery ? { ok: true, value: delivery } : { ok: false, reason: 'holds no notification' },
    ),
  }
}

function scanner<T>(reader: Reader, source: TopicSource<T>, onEmpty?: (record: ConsumedRecord) => void): Scan<T> {
  return async (webhookId, sinceMs, onValue) => {
    const { partition, high } = await findPartitionRange(reader, source.topic, webhookId)
    const from = (await reader.offsetsAt(source.topic, sinceMs)).get(partition) ?? 0
    await readOwn(reader, source, { webhookId, partition, from, to: high }, onValue, undefined, onEmpty)
  }
}

async function follow(reader: Reader, source: TopicSource<Attempt>, webhookId: string): Promise<ReadNewAttempts> {
  const { partition, high } = await findPartitionRange(reader, source.topic, webhookId)
  let from = high
  return async (reader, onAttempt) => {
    const { high: to } = await findPartitionRange(reader, source.topic, webhookId)
    await readOwn(reader, source, { webhookId, partition, from, to }, onAttempt)
    from = to
  }
}

async function findNewest<H>(
  reader: Reader,
  heads: TopicSource<H>,
  whole: TopicSource<Delivery>,
  webhookId: string,
  isMeant: (head: H) => boolean,
): Promise<Delivery | undefined> {
  const { partition, low, high } = await findPartitionRange(reader, heads.topic, webhookId)
  let at = -1
  for (let to = high; to > low && at === -1; to -= sliceOffsets) {
    const from = Math.max(low, to - sliceOffsets)
    await readOwn(reader, heads, { webhookId, partition, from, to }, (head, { offset }) => {
      if (isMeant(head)) at = offset
    })
  }
  let found: Delivery | undefined
  if (at >= 0)
    await readOwn(reader, whole, { webhookId, partition, from: at, to: at + 1 }, (delivery) => {
      found = delivery
    })
  return found
}
