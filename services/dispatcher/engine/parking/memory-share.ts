import type { EngineLimits } from '../ports.ts'
import type { SlotClass } from '../scheduling/request-slots.ts'

/**
 * Maximum share of memory for all webhooks of a class together. Below the half above which memory is crowded:
 * otherwise slow ones alone would keep all replays and parked notifications waiting.
 */
const shares: Record<SlotClass, number> = { quick: Number.POSITIVE_INFINITY, unknown: 1 / 8, slow: 1 / 4 }

/**
 * Longest wait for a receiver in memory. A longer one would delay the commit, and each takeover would read it again;
 * such deliveries are in webhook-parked.
 */
export const longestWaitInMemoryMs = 60_000

/**
 * Part of its share below which a class is refilled from webhook-parked. Refilling is costly, because most of the records
 * read are not taken.
 */
export const shareToFill = 7 / 8

/**
 * Whether webhooks of a class use all the memory that they may: further deliveries then go to webhook-parked.
 * @param part of the share; below 1 for callers that leave the rest to others.
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
