const maxReplayIdBytes = 100

/**
 * Id of the replay that a record of webhook-replays stops; null if the record stops none. The record's key is the
 * replay's id, it has no value, and it is in the partition of the replay's webhook.
 */
export function stoppedReplay({ key, value }: { key: Buffer | null; value: Buffer | null }): string | null {
  return value === null && key !== null && key.length <= maxReplayIdBytes ? key.toString('utf8') : null
}
