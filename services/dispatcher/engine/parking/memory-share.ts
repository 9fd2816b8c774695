import type { EngineLimits } from '../ports.ts'
import type { PlaceClass } from '../scheduling/request-slots.ts'

/** Of memory: what webhooks of a class may hold together. */
const shares: Record<PlaceClass, number> = { quick: Number.POSITIVE_INFINITY, unknown: 1 / 4, slow: 1 / 2 }

/** What waits longer for its receiver is in webhook-parked: it would hold up the commit, and each takeover read it again. */
export const longestWaitInMemoryMs = 60_000

/** Whether webhooks of a class have all of the memory that they may have: what comes then goes by webhook-parked. */
export function isBeyondShare(
  placeClass: PlaceClass,
  { items, bytes }: { items: number; bytes: number },
  { maxHeld, maxHeldBytes }: Pick<EngineLimits, 'maxHeld' | 'maxHeldBytes'>,
): boolean {
  const share = shares[placeClass]
  return items >= maxHeld * share || bytes >= maxHeldBytes * share
}
