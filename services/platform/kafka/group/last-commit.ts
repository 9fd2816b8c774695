import type { CommitResult } from '../consumer.ts'

/** Each try waits for an answer for some seconds. */
const maxTries = 3

/**
 * Commits for the last time before others own the partitions. Without it, finished records would be read and sent
 * again.
 */
export async function commitLast(commit: () => Promise<CommitResult>): Promise<void> {
  for (let tries = 1; (await commit()) === 'failed' && tries < maxTries; tries++);
}
