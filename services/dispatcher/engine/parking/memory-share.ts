import type { EngineLimits } from '../ports.ts'
import type { SlotClass } from '../scheduling/request-slots.ts'

/**
 * Of memory: what webhooks of a class may hold together. Less than the half above which memory is crowded: otherwise slow ones
 * alone would keep everybody's replays and parked notifications waiting.
 */
const shares: Record<SlotClass, number> = { quick: Number.POSITIVE_INFINITY, unknown: 1 / 8, slow: 1 / 4 }

/** What waits longer for its receiver is in webhook-parked: it would hold up the commit, and each takeover read it again. */
export const longestWaitInMemoryMs = 60_000

/**
 * Of its share: so much of it a class leaves free before more of it is looked for in webhook-parked, as most of what is read
 * there is not taken.
 */
export const shareToFill = 7 / 8

/**
 * Whether webhooks of a class have all of the memory that they may have: what comes then goes by webhook-parked.
 * @param part of it, for those who leave the rest to others.
 */
export function isBeyondShare(
  slotClass: SlotClass,
  { items, bytes }: { items: number; bytes: number },
  { maxHeld, maxHeldBytes }: Pick<EngineLimits, 'maxHeld' | 'maxHeldBytes'>,
  part = 1,
): boolean {
  const share = shares[slotClass] * part
  return items >= maxHeld * share || bytes >= maxHeldBytes * share
}
