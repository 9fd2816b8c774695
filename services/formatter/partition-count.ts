import type { Kafka } from '../platform/kafka/client.ts'
import { withAdmin } from '../platform/kafka/topics.ts'
import { retryUntilDone, type WaitContext } from '../platform/runtime/retry-until.ts'

/** Partitions of a topic: an event topic that was there before us may have more of them. Waits until the topic is there. */
export function partitionCount(kafka: Kafka, topic: string, context: WaitContext): Promise<number> {
  return retryUntilDone(`topic ${topic}`, context, () =>
    withAdmin(kafka, async (admin) => {
      const { topics } = await admin.fetchTopicMetadata({ topics: [topic] })
      return topics[0]?.partitions.length ?? 0
    }),
  )
}
