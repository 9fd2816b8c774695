import { readMetadata } from '../commit-metadata.ts'
import type { Logger } from '../runtime/log.ts'
import { retryUntilDone, type WaitContext } from '../runtime/retry-until.ts'
import type { Kafka } from './client.ts'
import { askCoordinator, type FetchedCommit, fetchCommits } from './group/group-requests.ts'
import { fetchExtents } from './group/start-positions.ts'
import { judgeCommit, type LogExtent } from './log-ids.ts'

/** Next offset to read, and the metadata committed with it ('' if there is none). */
export type Committed = { offset: number; metadata: string }

/**
 * Commits of a group for the logs that exist now: topic -> partition -> commit. Partitions without a commit are left
 * out, and so are those whose commit belongs to another log or lies beyond the end. Waits until Kafka answers.
 */
export function fetchCommitted(
  kafka: Kafka,
  groupId: string,
  topics: string[],
  context: WaitContext,
): Promise<Map<string, Map<number, Committed>>> {
  return retryUntilDone(`commits of ${groupId}`, context, () => fetchCommittedOnce(kafka, groupId, topics, context.log))
}

/** Like fetchCommitted, without waiting. @throws KafkaFault when Kafka does not answer or denies access. */
export async function fetchCommittedOnce(
  { cluster }: Kafka,
  groupId: string,
  topics: string[],
  log: Logger,
): Promise<Map<string, Map<number, Committed>>> {
  const partitions = await listPartitions(cluster, topics)
  const fetched = await askCoordinator(cluster, groupId, topics, (connection) =>
    fetchCommits(cluster, connection, groupId, partitions),
  )
  // Fetched after the commits: otherwise the group could move on in between and seem to have committed beyond the end.
  const extents = await fetchExtents(cluster, partitions)
  return new Map(
    topics.map((topic) => [
      topic,
      judgeCommits(topic, fetched.get(topic) ?? new Map(), extents.get(topic) ?? new Map(), log),
    ]),
  )
}

/** Topic -> its id (KIP-516). Waits until Kafka answers and the topics exist. */
export function fetchLogIds({ cluster }: Kafka, topics: string[], context: WaitContext): Promise<Map<string, string>> {
  return retryUntilDone('topic ids', context, async () => {
    const states = await cluster.metadata(topics)
    for (const { fault } of states.values()) if (fault) throw fault
    return new Map([...states].map(([topic, { id }]) => [topic, id]))
  })
}

type Partitions = ReadonlyMap<string, readonly number[]>

async function listPartitions(cluster: Kafka['cluster'], topics: string[]): Promise<Partitions> {
  const states = await cluster.metadata(topics)
  for (const { fault } of states.values()) if (fault) throw fault
  return new Map([...states].map(([topic, { leaders }]) => [topic, [...leaders.keys()]]))
}

function judgeCommits(
  topic: string,
  fetched: ReadonlyMap<number, FetchedCommit>,
  extents: ReadonlyMap<number, LogExtent>,
  log: Logger,
): Map<number, Committed> {
  const committed = new Map<number, Committed>()
  for (const [partition, { offset, metadata: stamped }] of fetched) {
    const extent = extents.get(partition)
    if (!extent) continue
    const { logId, metadata } = readMetadata(offset, stamped)
    const verdict = judgeCommit(offset, logId, extent)
    if (verdict.kind === 'foreign')
      log.warn({ topic, partition, committedOffset: offset, reason: verdict.why }, 'the commit belongs to another log')
    else committed.set(partition, { offset, metadata })
  }
  return committed
}
