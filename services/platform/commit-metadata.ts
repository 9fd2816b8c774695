/** Kafka's `offset.metadata.max.bytes` by default. */
const maxMetadataBytes = 4_096
const stamp = /^@([\w-]{22}) /
const stampBytes = 24
/** For what a committer writes beside its offset; the log's id has the rest. */
export const maxCommitMetadataBytes = maxMetadataBytes - stampBytes

/** A commit's metadata with the id of the log that its offset is of. */
export function stampMetadata(logId: string | null, metadata: string): string {
  return logId === null ? metadata : `@${logId} ${metadata}`
}

/** @returns what stampMetadata was given; the log's id is null in commits of other tools and of earlier versions. */
export function readMetadata(metadata: string): { logId: string | null; metadata: string } {
  const logId = stamp.exec(metadata)?.[1] ?? null
  return { logId, metadata: logId === null ? metadata : metadata.slice(stampBytes) }
}
