import { type Connection, describeGroupsV5, findCoordinatorV4, offsetFetchV8 } from '@platformatic/kafka'
import { readMetadata } from '../../commit-metadata.ts'
import { nameDenial } from '../security/denied.ts'
import type { Cluster } from '../wire/cluster.ts'
import { faultOfCode, faultOfError, KafkaFault, takeResponse } from '../wire/kafka-fault.ts'

/** Next offset to read, and the metadata committed with it. */
export type FetchedCommit = { offset: number; metadata: string }

const ofGroups = 0
const none = 0
/** Requests of members only have an epoch by the newer group protocol. */
const noEpoch = -1

/** Node id of the broker that coordinates the group. @throws KafkaFault. */
export async function findCoordinator(
  cluster: Pick<Cluster, 'metadata' | 'askAny'>,
  groupId: string,
  topics: readonly string[],
): Promise<number> {
  // A coordinator must be among the brokers of the metadata.
  await cluster.metadata(topics)
  const { coordinators } = await cluster.askAny((connection) => {
    const asked = findCoordinatorV4.api.async(connection, ofGroups, [groupId])
    return asked.catch(takeResponse<Awaited<typeof asked>>)
  })
  const { errorCode = -1, nodeId = -1 } = coordinators[0] ?? {}
  if (errorCode !== none) throw faultOfCode(errorCode, `group ${groupId}`)
  return nodeId
}

/** Asks the group's coordinator. @throws KafkaFault; it names a missing right to describe the group. */
export async function askCoordinator<T>(
  cluster: Cluster,
  groupId: string,
  topics: readonly string[],
  ask: (connection: Connection) => Promise<T>,
): Promise<T> {
  const where = `group ${groupId}`
  try {
    const coordinator = await findCoordinator(cluster, groupId, topics)
    return await ask(await cluster.connection(coordinator, 'requests'))
  } catch (error) {
    const fault = faultOfError(error, where)
    throw fault instanceof KafkaFault ? nameDenial(fault, 'Describe', where) : fault
  }
}

/** Whether a member is in the group, or joining it. @throws KafkaFault, as askCoordinator does. */
export function hasMembers(cluster: Cluster, groupId: string): Promise<boolean> {
  return askCoordinator(cluster, groupId, [], async (connection) => {
    const asked = describeGroupsV5.api.async(connection, [groupId], false)
    const [group] = (await asked.catch(takeResponse<Awaited<typeof asked>>)).groups
    if (!group || group.errorCode !== none) throw faultOfCode(group?.errorCode ?? -1, `group ${groupId}`)
    return group.members.length > 0
  })
}

/**
 * Commits of a group: topic -> partition -> commit. Partitions without one are left out. Brokers whose metadata are older
 * than a commit are not believed any more.
 * @param connection to the group's coordinator. @throws KafkaFault.
 */
export async function fetchCommits(
  { newest }: Pick<Cluster, 'newest'>,
  connection: Connection,
  groupId: string,
  partitions: ReadonlyMap<string, readonly number[]>,
): Promise<Map<string, Map<number, FetchedCommit>>> {
  const where = `group ${groupId}`
  const topics = [...partitions].map(([name, partitionIndexes]) => ({ name, partitionIndexes: [...partitionIndexes] }))
  const asked = offsetFetchV8.api.async(connection, [{ groupId, memberEpoch: noEpoch, topics }], false)
  const answer = await asked.catch(takeResponse<Awaited<typeof asked>>).catch((error: unknown) => {
    throw faultOfError(error, where)
  })
  const { errorCode = -1, topics: fetched = [] } = answer.groups[0] ?? {}
  if (errorCode !== none) throw faultOfCode(errorCode, where)
  const ofTopic = ({ name, partitions: numbers }: (typeof fetched)[number]) => {
    const commits = new Map<number, FetchedCommit>()
    for (const { partitionIndex, committedOffset, committedLeaderEpoch, metadata, errorCode: code } of numbers) {
      if (code !== none) throw faultOfCode(code, `topic ${name}, partition ${partitionIndex}`)
      if (committedOffset < 0) continue
      const commit = { offset: Number(committedOffset), metadata: metadata ?? '' }
      const { logId } = readMetadata(commit.offset, commit.metadata)
      if (logId !== null) newest.noteCommitted(name, logId, partitionIndex, committedLeaderEpoch)
      commits.set(partitionIndex, commit)
    }
    return [name, commits] as const
  }
  return new Map(fetched.map(ofTopic))
}
