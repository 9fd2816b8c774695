import type { Kafka } from 'kafkajs'
import { retryUntilDone, type WaitContext } from '../retry-until.ts'
import { withAdmin } from './topics.ts'

/** Next offset to read, and what its committer wrote beside it ('' when nothing). */
export type Committed = { offset: number; metadata: string }

/**
 * What a group has committed: topic -> partition -> commit; partitions without one are left out. Waits until Kafka answers.
 * An admin client of its own for each call: a takeover asks once, for all of its topics (measured: 10 to 40 ms with the connection).
 */
export function fetchCommitted(
  kafka: Kafka,
  groupId: string,
  topics: string[],
  context: WaitContext,
): Promise<Map<string, Map<number, Committed>>> {
  return retryUntilDone(`commits of ${groupId}`, context, async () => {
    const fetched = await withAdmin(kafka, async (admin) => {
      // Without it kafkajs knows no broker yet, fails to find the group's coordinator, and waits 300 ms before its retry.
      await admin.fetchTopicMetadata({ topics })
      return admin.fetchOffsets({ groupId, topics })
    })
    return new Map(fetched.map(({ topic, partitions }) => [topic, committedOf(partitions)]))
  })
}

function committedOf(
  partitions: { partition: number; offset: string; metadata: string | null }[],
): Map<number, Committed> {
  const committed = partitions.filter(({ offset }) => Number(offset) >= 0)
  return new Map(
    committed.map(({ partition, offset, metadata }) => [
      partition,
      { offset: Number(offset), metadata: metadata ?? '' },
    ]),
  )
}
