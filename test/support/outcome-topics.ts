import { inject } from 'vitest'
import type { Attempt, DeadLetter, PendingDelivery } from '../../services/domain/delivery/delivery.ts'
import type { WebhookSnapshot } from '../../services/domain/delivery/webhook-snapshot.ts'
import type { Codec, Decode } from '../../services/platform/avro/codec.ts'
import type { Kafka } from '../../services/platform/kafka/client.ts'
import type { ConsumedRecord } from '../../services/platform/kafka/consumer.ts'
import { readSchema } from '../../services/topics/schemas.ts'
import { type Topic, topics } from '../../services/topics/topic-map.ts'
import { followTopic, openCodec, openKafka } from './topic-reader.ts'

/** Current records of a topic, in the order of their partitions. */
type Reading<T> = () => Promise<T[]>

/** Records that the dispatcher has written about its deliveries, read from outside while it works. */
export type OutcomeTopics = AsyncDisposable & {
  attempts: Reading<Attempt>
  deadLetters: Reading<DeadLetter>
  parked: Reading<PendingDelivery>
  retries1m: Reading<PendingDelivery>
  health: Reading<WebhookSnapshot>
}

export async function followOutcomes({ topicPrefix }: { topicPrefix: string }): Promise<OutcomeTopics> {
  const kafka = openKafka(inject('brokers'))
  const codec = openCodec(inject('schemaRegistryUrl'))
  const opened: AsyncDisposable[] = []
  const open = async <T>(topic: Topic) => {
    const { following, read } = await follow<T>(kafka, codec, topicPrefix, topic)
    opened.push(following)
    return read
  }
  const [attempts, deadLetters, parked, retries1m, health] = await Promise.all([
    open<Attempt>(topics.webhookAttempts),
    open<DeadLetter>(topics.webhookDeadLetters),
    open<PendingDelivery>(topics.webhookParked),
    open<PendingDelivery>(topics.webhookRetries1m),
    open<WebhookSnapshot>(topics.webhookHealth),
  ])
  return {
    attempts,
    deadLetters,
    parked,
    retries1m,
    health,
    async [Symbol.asyncDispose]() {
      await Promise.all(opened.map((each) => each[Symbol.asyncDispose]()))
    },
  }
}

async function follow<T>(kafka: Kafka, codec: Codec, prefix: string, topic: Topic) {
  const records: ConsumedRecord[] = []
  const decode = codec.decoder<T>(readSchema(topic))
  const following = await followTopic(kafka, prefix + topic.name, records)
  return { following, read: () => Promise.all(records.filter(({ value }) => value !== null).map(decoded(decode))) }
}

function decoded<T>(decode: Decode<T>) {
  return async ({ topic, partition, offset, value }: ConsumedRecord): Promise<T> => {
    const result = await decode(value ?? Buffer.alloc(0))
    if (!result.ok) throw new Error(`${topic}/${partition}@${offset}: ${result.reason}`)
    return result.value
  }
}
