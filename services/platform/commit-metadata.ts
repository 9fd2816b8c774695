/** Kafka's default `offset.metadata.max.bytes`. */
const maxMetadataBytes = 4_096
const stamp = /^@([\w-]{22}) /
const stampBytes = 24
/** Maximum bytes that a committer may write beside its offset; the log's id takes the rest. */
export const maxCommitMetadataBytes = maxMetadataBytes - stampBytes

/** A commit's metadata with the id of the log that its offset belongs to. */
export function stampMetadata(logId: string | null, metadata: string): string {
  return logId === null ? metadata : `@${logId} ${metadata}`
}

/** @returns the arguments of stampMetadata; the log's id is null in commits of other tools and earlier versions. */
export function readMetadata(metadata: string): { logId: string | null; metadata: string } {
  const logId = stamp.exec(metadata)?.[1] ?? null
  return { logId, metadata: logId === null ? metadata : metadata.slice(stampBytes) }
}
