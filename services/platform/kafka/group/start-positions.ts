import { readMetadata } from '../../commit-metadata.ts'
import type { Logger } from '../../runtime/log.ts'
import { judgeCommit, type LogExtent } from '../log-ids.ts'
import type { Cluster } from '../wire/cluster.ts'
import type { FetchedCommit } from './group-requests.ts'

/** Offset at which reading of a partition begins under an assignment. */
export type PartitionStart = { topic: string; partition: number; offset: number; highWatermark: number }

/** Topic -> partition -> the current extent of its log. */
type LogExtents = ReadonlyMap<string, ReadonlyMap<number, LogExtent>>

/** @throws KafkaFault if that of a partition cannot be told now. */
export async function fetchExtents(
  cluster: Pick<Cluster, 'metadata' | 'ends'>,
  partitions: ReadonlyMap<string, readonly number[]>,
): Promise<LogExtents> {
  const states = await cluster.metadata([...partitions.keys()])
  const ofTopic = async ([topic, numbers]: [string, readonly number[]]) => {
    const logId = states.get(topic)?.id ?? null
    const ends = await cluster.ends(topic, 'all', numbers)
    return [topic, new Map(ends.map(({ partition, low, high }) => [partition, { logId, low, high }]))] as const
  }
  return new Map(await Promise.all([...partitions].map(ofTopic)))
}

/**
 * Where partitions are read from: at their commits, or at the first record where there is none. A commit of another log,
 * or one beyond the log's end, counts as none (decision 15).
 * @param extents of every partition that is to be read.
 * @param commits topic -> partition -> commit.
 */
export function startPositions(
  extents: LogExtents,
  commits: ReadonlyMap<string, ReadonlyMap<number, FetchedCommit>>,
  log: Pick<Logger, 'error'>,
): PartitionStart[] {
  return [...extents].flatMap(([topic, ofTopic]) =>
    [...ofTopic].map(([partition, extent]) => {
      const commit = commits.get(topic)?.get(partition)
      const offset = commit ? findStart({ topic, partition }, commit, extent, log) : extent.low
      return { topic, partition, offset, highWatermark: extent.high }
    }),
  )
}

function findStart(
  place: { topic: string; partition: number },
  { offset, metadata }: FetchedCommit,
  extent: LogExtent,
  log: Pick<Logger, 'error'>,
): number {
  const verdict = judgeCommit(offset, readMetadata(offset, metadata).logId, extent)
  if (verdict.kind === 'here') return offset
  const fields = { ...place, committedOffset: offset, fromOffset: extent.low }
  if (verdict.kind === 'foreign')
    log.error({ ...fields, reason: verdict.why }, 'the commit belongs to another log: reading from the beginning')
  else if (offset > 0) log.error(fields, 'records were deleted before they were read')
  return extent.low
}
