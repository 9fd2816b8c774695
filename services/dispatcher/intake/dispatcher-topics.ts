import type { Attempt, DeadLetter, Delivery, PendingDelivery } from '../../domain/delivery/delivery.ts'
import type { WebhookSnapshot } from '../../domain/delivery/webhook-snapshot.ts'
import type { Codec, Decode } from '../../platform/avro/codec.ts'
import { learnSchemas, readSchema } from '../../topics/schemas.ts'
import { type Topic, topics } from '../../topics/topic-map.ts'
import type { TopicUse } from '../../topics/topic-use.ts'
import { longestWaitMs, type Tier, tiers } from '../engine/gate/retry.ts'
import type { Destination } from '../outcome/recorder.ts'
import { type Arrival, fromDelivery, fromPending } from './take-batch.ts'

/** Topics of the dispatcher, all with the same partition count: those it reads, writes, and restores itself from. */
export type DispatcherTopics = {
  /** Decoders by topic, of all topics that are dispatched. */
  sources: Map<string, Decode<Arrival>>
  deliveries: string
  tests: string
  replays: string
  /** webhook-replays, for what the dispatcher itself writes there. */
  joined: Destination<PendingDelivery> & { decode: Decode<PendingDelivery> }
  attempts: Destination<Attempt> & { decode: Decode<Attempt> }
  deadLetters: Destination<DeadLetter>
  parked: Destination<PendingDelivery> & { decode: Decode<PendingDelivery> }
  health: Destination<WebhookSnapshot> & { decode: Decode<WebhookSnapshot> }
  retries: Record<Tier, Destination<PendingDelivery>>
  /** Longest wait that a record of the topic can have before it is due; 0 for topics other than delay topics. */
  longestWaitMs: (topic: string) => number
}

const retryTopics: Record<Tier, Topic> = {
  '1m': topics.webhookRetries1m,
  '5m': topics.webhookRetries5m,
  '30m': topics.webhookRetries30m,
  '2h': topics.webhookRetries2h,
  '5h': topics.webhookRetries5h,
  '10h': topics.webhookRetries10h,
}

/** Waits until the schemas are registered. */
export async function openDispatcherTopics(codec: Codec, use: TopicUse): Promise<DispatcherTopics> {
  const read = <T>(topic: Topic) => ({ topic: use.read(topic), decode: codec.decoder<T>(readSchema(topic)) })
  const write = async <T>(topic: Topic) => ({
    topic: use.write(topic),
    encode: await codec.encoder<T>(use.subject(topic), readSchema(topic)),
  })
  const open = async <T>(topic: Topic) => ({ ...read<T>(topic), ...(await write<T>(topic)) })
  const deliveries = use.read(topics.webhookDeliveries)
  await learnSchemas(codec, [topics.webhookDeliveries, topics.webhookReplays, topics.webhookTests], use.prefix)
  const openRetries = (tier: Tier) => open<PendingDelivery>(retryTopics[tier])
  const retries = {
    '1m': await openRetries('1m'),
    '5m': await openRetries('5m'),
    '30m': await openRetries('30m'),
    '2h': await openRetries('2h'),
    '5h': await openRetries('5h'),
    '10h': await openRetries('10h'),
  }
  const replays = await open<PendingDelivery>(topics.webhookReplays)
  const tests = read<PendingDelivery>(topics.webhookTests)
  const sources = new Map<string, Decode<Arrival>>([
    [deliveries, fromDelivery(codec.decoder<Delivery>(readSchema(topics.webhookDeliveries)))],
    ...[...Object.values(retries), replays, tests].map(({ topic, decode }) => [topic, fromPending(decode)] as const),
  ])
  return {
    sources,
    deliveries,
    tests: tests.topic,
    replays: replays.topic,
    joined: replays,
    attempts: await open(topics.webhookAttempts),
    deadLetters: await write(topics.webhookDeadLetters),
    parked: await open(topics.webhookParked),
    health: await open(topics.webhookHealth),
    retries,
    longestWaitMs: (topic) => {
      const tier = tiers.find((each) => retries[each].topic === topic)
      return tier === undefined ? 0 : longestWaitMs(tier)
    },
  }
}
