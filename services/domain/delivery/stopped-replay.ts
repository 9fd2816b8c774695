const maxReplayIdBytes = 100

/**
 * A record of webhook-replays that stops a replay: its key is the replay's id, and it has no value. It stands in the partition of
 * the replay's webhook. @returns null where it is none.
 */
export function stoppedReplay({ key, value }: { key: Buffer | null; value: Buffer | null }): string | null {
  return value === null && key !== null && key.length <= maxReplayIdBytes ? key.toString('utf8') : null
}
