import type { Attempt, DeadLetter, Delivery, PendingDelivery } from '../../domain/delivery/delivery.ts'
import type { Codec } from '../../platform/avro/codec.ts'
import { type Topic, topics } from '../../topics/topic-map.ts'
import type { TopicUse } from '../../topics/topic-use.ts'
import { type RecordPage, readNewestFirst, readOne, type WantedRecords } from '../records/newest-first.ts'
import { openTopicSource, type Reader, type TopicSource } from '../records/webhook-records.ts'
import { type NewDeliveries, readNewDeliveries, type WantedDeliveries } from './new-deliveries.ts'

/** A webhook's traffic, read from the topics. */
export type TrafficTopics = {
  attempts(wanted: WantedRecords<Attempt>): Promise<RecordPage<Attempt>>
  attempt(webhookId: string, partition: number, offset: number): Promise<Attempt | undefined>
  deadLetters(wanted: WantedRecords<DeadLetter>): Promise<RecordPage<DeadLetter>>
  newDeliveries(wanted: WantedDeliveries): Promise<NewDeliveries>
  /** Notification of an attempt, from the attempt's source record; undefined if that is gone. */
  findDelivery(attempt: Attempt, partition: number): Promise<Delivery | undefined>
}

export type TrafficSources = { deliveries: TopicSource<Delivery>; attempts: TopicSource<Attempt> }

/** Topics besides webhook-deliveries in which a notification waits for the dispatcher. */
const pendingTopics: Topic[] = Object.values(topics).filter(({ schema }) => schema === topics.webhookParked.schema)
const read = [topics.webhookDeliveries, topics.webhookAttempts, topics.webhookDeadLetters, ...pendingTopics]

export function trafficTopicNames(use: TopicUse): string[] {
  return read.map((topic) => use.read(topic))
}

/** Opens the traffic topics for a request, with a reader of its own for all of trafficTopicNames. */
export function openTrafficTopics(
  codec: Codec,
  use: TopicUse,
): { sources: TrafficSources; within: (reader: Reader) => TrafficTopics } {
  const source = <T>(topic: Topic) => openTopicSource<T>(codec, use, topic)
  const attempts = source<Attempt>(topics.webhookAttempts)
  const deadLetters = source<DeadLetter>(topics.webhookDeadLetters)
  const deliveries = source<Delivery>(topics.webhookDeliveries)
  const pending = pendingTopics.map((topic) => source<PendingDelivery>(topic))
  const within = (reader: Reader): TrafficTopics => ({
    attempts: (wanted) => readNewestFirst(reader, attempts, wanted),
    attempt: (webhookId, partition, offset) => readOne(reader, attempts, webhookId, partition, offset),
    deadLetters: (wanted) => readNewestFirst(reader, deadLetters, wanted),
    newDeliveries: (wanted) => readNewDeliveries(reader, deliveries, wanted),
    async findDelivery({ webhookId, deliveryId, sourceTopic, sourceOffset }, partition) {
      const place = [webhookId, partition, sourceOffset] as const
      const waited = pending.find(({ topic }) => topic === sourceTopic)
      const found = waited
        ? (await readOne(reader, waited, ...place))?.delivery
        : sourceTopic === deliveries.topic
          ? await readOne(reader, deliveries, ...place)
          : undefined
      return found?.deliveryId === deliveryId ? found : undefined
    },
  })
  return { sources: { deliveries, attempts }, within }
}
