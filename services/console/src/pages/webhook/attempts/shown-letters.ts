import type { ListedDeadLetter } from '../../../api/types.ts'

/**
 * The letters that the list shows, newest first: all of them, or only notifications that are undelivered, each with its
 * latest letter.
 */
export function toShown(letters: readonly ListedDeadLetter[], isWhole: boolean): ListedDeadLetter[] {
  // A crash can write a record twice, and two pages can overlap.
  const byKey = new Map(letters.map((one) => [toKey(one), one]))
  if (isWhole) return [...byKey.values()]
  const latest = new Map<string, ListedDeadLetter>()
  for (const [key, one] of byKey) if (!latest.has(one.deliveryId ?? key)) latest.set(one.deliveryId ?? key, one)
  return [...latest.values()].filter(({ deliveredAt }) => deliveredAt === null)
}

export function toKey({ deliveryId, at }: ListedDeadLetter): string {
  return `${deliveryId} ${at}`
}
