import type { ReplayProgress } from '../domain/api/traffic.ts'
import type { Attempt, PendingDelivery } from '../domain/delivery.ts'

/** The id tells when it began: from there on its records are looked for. @param random hexadecimal */
export function newReplayId(nowMs: number, random: string): string {
  return `rpl_${nowMs}_${random}`
}

/** @returns milliseconds since the epoch; null when it is none of ours. */
export function startOfReplay(replayId: string): number | null {
  const match = /^rpl_(\d{13})_[0-9a-f]{16}$/.exec(replayId)
  return match ? Number(match[1]) : null
}

export function progressOf(
  replayId: string,
  startedAtMs: number,
  pending: readonly PendingDelivery[],
  attempts: readonly Attempt[],
): ReplayProgress {
  const ids = new Set(pending.map(({ delivery }) => delivery.deliveryId))
  const latest = new Map(attempts.map((attempt) => [attempt.deliveryId, attempt]))
  const outcomes: ReplayProgress['outcomes'] = { success: 0, slow: 0, error: 0, rejected: 0 }
  let retrying = 0
  for (const { next, outcome } of latest.values()) {
    if (next === 'retry') retrying++
    else outcomes[outcome]++
  }
  const startedAt = new Date(startedAtMs).toISOString()
  return { replayId, startedAt, count: ids.size, waiting: ids.size - latest.size, retrying, outcomes }
}
