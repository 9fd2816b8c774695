import type { KafkaAccess } from '../../platform/kafka/access/kafka-access.ts'
import { assertSameCounts, PartitionCountsDiffer } from '../../platform/kafka/partitioning/co-partition.ts'
import { retryUntilDone, type WaitContext } from '../../platform/runtime/retry-until.ts'
import type { DispatcherTopics } from './dispatcher-topics.ts'

/**
 * Refuses topics with different partition counts: everything about a webhook lives in one partition number.
 * @throws PartitionCountsDiffer naming the topics with their counts.
 */
export async function checkPartitions(
  kafka: Pick<KafkaAccess, 'partitionCounts'>,
  dispatcherTopics: DispatcherTopics,
  context: WaitContext,
): Promise<void> {
  const { sources, attempts, deadLetters, parked, health } = dispatcherTopics
  const topics = [...sources.keys(), ...[attempts, deadLetters, parked, health].map(({ topic }) => topic)]
  const check = async () => {
    const counts = await kafka.partitionCounts(topics)
    const missing = [...counts].filter(([, count]) => count === 0).map(([topic]) => topic)
    if (missing.length > 0)
      throw new Error(
        `missing topics (npm run topics -- apply creates them), or Kafka's ACLs do not allow to Describe them: ${missing.join(', ')}`,
      )
    assertSameCounts(counts)
  }
  await retryUntilDone('topics', context, check, (error) => error instanceof PartitionCountsDiffer)
}
