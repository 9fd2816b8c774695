import type { CountedAttempt } from './attempts.ts'

/** Longest attempt: a time beyond it is wrong, and would move what is counted into the future. */
const longestAttemptMs = 600_000

/** End of an attempt, in milliseconds since the epoch. */
export function computeEndMs({ startedAt, latencyMs }: Pick<CountedAttempt, 'startedAt' | 'latencyMs'>): number {
  const tookMs = Math.round(latencyMs ?? 0)
  return startedAt + (tookMs >= 0 ? Math.min(tookMs, longestAttemptMs) : 0)
}
