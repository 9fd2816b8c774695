import type { Clock } from '../../../services/platform/runtime/clock.ts'

const pollMs = 25

/**
 * Calls `check` repeatedly, with pauses as long as the check itself: one that reads a topic does not keep a core busy.
 * @returns whether it was true within the limit.
 */
export async function until(
  check: () => boolean | Promise<boolean>,
  limitMs: number,
  clock: Clock,
  signal?: AbortSignal,
): Promise<boolean> {
  const endMs = clock.monotonicMs() + limitMs
  for (;;) {
    const beganMs = clock.monotonicMs()
    if (await check()) return true
    const nowMs = clock.monotonicMs()
    if (nowMs >= endMs || signal?.aborted) return false
    await clock.sleep(Math.max(pollMs, nowMs - beganMs), signal)
  }
}
