import type { Clock } from '../../../services/platform/runtime/clock.ts'

const pollMs = 25

/** Calls `check` repeatedly. @returns whether it was true within the limit. */
export async function until(
  check: () => boolean | Promise<boolean>,
  limitMs: number,
  clock: Clock,
  signal?: AbortSignal,
): Promise<boolean> {
  const endMs = clock.monotonicMs() + limitMs
  for (;;) {
    if (await check()) return true
    if (clock.monotonicMs() >= endMs || signal?.aborted) return false
    await clock.sleep(pollMs, signal)
  }
}
