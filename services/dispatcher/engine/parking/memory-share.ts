import type { EngineLimits } from '../ports.ts'
import type { SlotClass } from '../scheduling/request-slots.ts'

/**
 * Maximum share of memory for all webhooks of a class together. It is below one half, above which memory counts as
 * crowded: otherwise slow webhooks alone would keep all replays and parked notifications waiting.
 */
const shares: Record<SlotClass, number> = { quick: Number.POSITIVE_INFINITY, unknown: 1 / 8, slow: 1 / 4 }

/**
 * Longest time that a delivery waits for its receiver in memory. A longer wait would delay the commit, and each
 * takeover would read the delivery again; deliveries that wait longer go to webhook-parked.
 */
export const longestWaitInMemoryMs = 60_000

/**
 * Fraction of its share below which a class is refilled from webhook-parked. Refilling is costly, because most of the
 * records that are read are not taken.
 */
export const shareToFill = 7 / 8

/**
 * Whether webhooks of a class use all of their share of memory: further deliveries then go to webhook-parked.
 * @param part fraction of the share; below 1 for callers that leave the rest to others.
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
