import type { Codec } from '../../platform/avro/codec.ts'
import type { Kafka } from '../../platform/kafka/client.ts'
import { fetchCommittedOnce } from '../../platform/kafka/committed.ts'
import { RangeReader } from '../../platform/kafka/readers/range-reader.ts'
import type { WaitContext } from '../../platform/runtime/retry-until.ts'
import type { TopicUse } from '../../topics/topic-use.ts'
import { ReadPool } from '../records/read-pool.ts'
import type { LookupDeps } from './lookup-actions.ts'
import { lookupTopicNames, openLookupTopics } from './lookup-topics.ts'

/** Limits for searches over the events of all businesses, which read up to 600,000 records. */
const limits = { atOnce: 3, ofBusiness: 1, waitingOfBusiness: 10, deadlineMs: 30_000 }

type Lookups = AsyncDisposable & Pick<LookupDeps, 'topics' | 'lookups' | 'committed'>

/**
 * Opens the readers that lookups use. Lookups do not share a reader with replays, because a replay that is being
 * written occupies the scans of its business for minutes.
 */
export async function openLookups(
  kafka: Kafka,
  codec: Codec,
  use: TopicUse,
  fail: (error: unknown) => void,
  context: WaitContext,
): Promise<Lookups> {
  const topics = openLookupTopics(codec, use)
  const events = Object.values(topics.events).map(({ topic }) => topic)
  const reader = await RangeReader.open(kafka, { topics: lookupTopicNames(topics), fail }, context)
  return {
    topics,
    lookups: new ReadPool(reader, limits, context.clock),
    async committed() {
      const [formatted, taken] = await Promise.all([
        fetchCommittedOnce(kafka, `${use.prefix}formatter`, events, context.log),
        fetchCommittedOnce(kafka, `${use.prefix}dispatcher`, [topics.deliveries.topic], context.log),
      ])
      return new Map([...formatted, ...taken])
    },
    [Symbol.asyncDispose]: () => reader[Symbol.asyncDispose](),
  }
}
