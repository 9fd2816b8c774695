import { crc32 } from 'node:zlib'

/** Kafka's default `offset.metadata.max.bytes`. */
const maxMetadataBytes = 4_096
/** First character of packed metadata. */
const version = '1'
const checksumBytes = 4
const textStamp = /^@([\w-]{22}) /
const textStampBytes = 24
/** The log's id and a checksum of it. */
const packedStampBytes = 20
/** Maximum bytes that a committer may write beside its offset; the log's id takes the rest. */
export const maxCommitMetadataBytes = maxMetadataBytes - Math.ceil((packedStampBytes * 4) / 3) - 1
/** Maximum bytes that a committer may pack. */
export const maxPackedBytes = Math.floor(((maxCommitMetadataBytes - version.length) * 3) / 4) - checksumBytes

/** Bytes as metadata of a commit: `1`, then in base64url a CRC-32, which includes the committed offset, and the bytes. */
export function packMetadata(offset: number, content: Uint8Array): string {
  const bytes = Buffer.concat([Buffer.alloc(checksumBytes), content])
  bytes.writeUInt32BE(checksum(offset, content))
  return version + bytes.toString('base64url')
}

/**
 * @param most characters that are read.
 * @returns what was packed beside this offset, any stamp included; null if that is damaged or something else.
 */
export function unpackMetadata(offset: number, metadata: string, most = maxMetadataBytes): Buffer | null {
  if (!metadata.startsWith(version) || metadata.length > most) return null
  const text = metadata.slice(version.length)
  const bytes = Buffer.from(text, 'base64url')
  // Node skips characters that are not base64url: such a string was not written here.
  if (bytes.length < checksumBytes || bytes.toString('base64url') !== text) return null
  const content = bytes.subarray(checksumBytes)
  return bytes.readUInt32BE() === checksum(offset, content) ? content : null
}

/**
 * A commit's metadata with the id of the log that its offset belongs to. In packed metadata it follows the packed bytes,
 * so that versions which know of no id still read those: without them, a rollback sends again what they say is finished.
 */
export function stampMetadata(logId: string | null, offset: number, metadata: string): string {
  if (logId === null) return metadata
  const content = unpackMetadata(offset, metadata)
  return content === null ? `@${logId} ${metadata}` : packMetadata(offset, Buffer.concat([content, toStamp(logId)]))
}

/** @returns the arguments of stampMetadata; the log's id is null in commits of other tools and earlier versions. */
export function readMetadata(offset: number, metadata: string): { logId: string | null; metadata: string } {
  const logId = textStamp.exec(metadata)?.[1]
  if (logId !== undefined) return { logId, metadata: metadata.slice(textStampBytes) }
  const content = unpackMetadata(offset, metadata)
  const stamp = content?.subarray(-packedStampBytes)
  if (!content || !stamp || stamp.length < packedStampBytes) return { logId: null, metadata }
  const id = stamp.subarray(0, -checksumBytes)
  if (stamp.readUInt32BE(id.length) !== crc32(id)) return { logId: null, metadata }
  return {
    logId: id.toString('base64url'),
    metadata: packMetadata(offset, content.subarray(0, -packedStampBytes)),
  }
}

function toStamp(logId: string): Buffer {
  const stamp = Buffer.alloc(packedStampBytes)
  const idBytes = stamp.write(logId, 'base64url')
  stamp.writeUInt32BE(crc32(stamp.subarray(0, idBytes)), idBytes)
  return stamp
}

/** Includes the committed offset, so that metadata of another commit mean nothing. */
function checksum(offset: number, content: Uint8Array): number {
  return crc32(content, crc32(`${version}:${offset}:`))
}
