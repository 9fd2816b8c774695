import type { Admin, Kafka } from 'kafkajs'
import { readMetadata } from '../commit-metadata.ts'
import type { Logger } from '../runtime/log.ts'
import { retryUntilDone, type WaitContext } from '../runtime/retry-until.ts'
import { judgeCommit, type LogExtent } from './log-ids.ts'
import { type KafkajsError, nameDenial, unwrapError } from './security/denied.ts'
import { withAdmin } from './topics.ts'

/** Next offset to read, and the metadata committed with it ('' if there is none). */
export type Committed = { offset: number; metadata: string }

/**
 * Commits of a group for the logs that exist now: topic -> partition -> commit. Partitions without a commit are left
 * out, and so are those whose commit belongs to another log or lies beyond the end. Waits until Kafka answers.
 * Each call opens its own admin client: a takeover asks once, for all of its topics.
 */
export function fetchCommitted(
  kafka: Kafka,
  groupId: string,
  topics: string[],
  context: WaitContext,
): Promise<Map<string, Map<number, Committed>>> {
  return retryUntilDone(`commits of ${groupId}`, context, () => fetchCommittedOnce(kafka, groupId, topics, context.log))
}

/** Like fetchCommitted, without waiting. @throws when Kafka does not answer or denies access. */
export function fetchCommittedOnce(
  kafka: Kafka,
  groupId: string,
  topics: string[],
  log: Logger,
): Promise<Map<string, Map<number, Committed>>> {
  return withAdmin(kafka, async (admin) => {
    // Without metadata kafkajs knows no broker, fails to find the group's coordinator, and waits 300 ms before it
    // retries.
    await admin.fetchTopicMetadata({ topics })
    const fetched = await admin.fetchOffsets({ groupId, topics }).catch((error: unknown) => {
      throw nameDenial(unwrapError(error) as KafkajsError, 'Describe', `group ${groupId}`)
    })
    // Fetched after the commits: otherwise the group could move on in between and seem to have committed beyond the
    // end.
    const extents = await fetchExtents(admin, topics)
    return new Map(
      fetched.map(({ topic, partitions }) => [
        topic,
        committedOf(topic, partitions, extents.get(topic) ?? new Map(), log),
      ]),
    )
  })
}

type FetchedCommit = { partition: number; offset: string; metadata: string | null }

function committedOf(
  topic: string,
  partitions: FetchedCommit[],
  extents: ReadonlyMap<number, LogExtent>,
  log: Logger,
): Map<number, Committed> {
  const committed = new Map<number, Committed>()
  for (const { partition, offset: text, metadata: stamped } of partitions) {
    const extent = extents.get(partition)
    const offset = Number(text)
    if (offset < 0 || !extent) continue
    const { logId, metadata } = readMetadata(stamped ?? '')
    const verdict = judgeCommit(offset, logId, extent)
    if (verdict.kind === 'foreign')
      log.warn({ topic, partition, committedOffset: offset, reason: verdict.why }, 'the commit belongs to another log')
    else committed.set(partition, { offset, metadata })
  }
  return committed
}

/** Topic -> its id (KIP-516), where the brokers provide one. Waits until Kafka answers and the topics exist. */
export function fetchLogIds(kafka: Kafka, topics: string[], context: WaitContext): Promise<Map<string, string>> {
  return retryUntilDone('topic ids', context, () => withAdmin(kafka, (admin) => describeLogIds(admin, topics)))
}

async function describeLogIds(admin: Admin, topics: string[]): Promise<Map<string, string>> {
  const { topics: described } = await admin.fetchTopicMetadata({ topics })
  const ids = described.map(({ name, partitions }) => [name, topicIdOf(partitions[0])] as const)
  return new Map(ids.filter((each): each is [string, string] => each[1] !== null))
}

/** Topic -> partition -> the current extent of its log. */
async function fetchExtents(admin: Admin, topics: string[]): Promise<Map<string, Map<number, LogExtent>>> {
  const logIds = await describeLogIds(admin, topics)
  const ofTopic = async (topic: string) => {
    const offsets = await admin.fetchTopicOffsets(topic)
    const logId = logIds.get(topic) ?? null
    const extents = offsets.map(
      ({ partition, low, high }) => [partition, { logId, low: Number(low), high: Number(high) }] as const,
    )
    return [topic, new Map(extents)] as const
  }
  return new Map(await Promise.all(topics.map(ofTopic)))
}

/** kafkajs' types do not include the topic id, which topic-id-protocol.ts adds. */
function topicIdOf(partition: object | undefined): string | null {
  return (partition as { topicId?: string | null } | undefined)?.topicId ?? null
}
