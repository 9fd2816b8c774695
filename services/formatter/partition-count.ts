import type { Kafka } from '../platform/kafka/client.ts'
import { withAdmin } from '../platform/kafka/topics.ts'
import { retryUntilDone, type WaitContext } from '../platform/runtime/retry-until.ts'

/**
 * Number of a topic's partitions; an event topic that already existed may have more than ours. Waits until the topic
 * exists.
 */
export function partitionCount(kafka: Kafka, topic: string, context: WaitContext): Promise<number> {
  return retryUntilDone(`topic ${topic}`, context, () =>
    withAdmin(kafka, async (admin) => {
      const { topics } = await admin.fetchTopicMetadata({ topics: [topic] })
      return topics[0]?.partitions.length ?? 0
    }),
  )
}
