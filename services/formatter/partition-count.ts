import type { KafkaAccess } from '../platform/kafka/access/kafka-access.ts'
import { retryUntilDone, type WaitContext } from '../platform/runtime/retry-until.ts'

/**
 * Number of a topic's partitions; an event topic that already existed may have more than ours. Waits until the topic
 * exists.
 */
export function partitionCount(
  kafka: Pick<KafkaAccess, 'partitionCounts'>,
  topic: string,
  context: WaitContext,
): Promise<number> {
  return retryUntilDone(`topic ${topic}`, context, async () => {
    const count = (await kafka.partitionCounts([topic])).get(topic) ?? 0
    if (count === 0)
      throw new Error(
        `${topic} is missing (npm run topics -- apply creates it), or Kafka's ACLs do not allow to Describe it`,
      )
    return count
  })
}
