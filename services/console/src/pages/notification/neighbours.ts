type Listed = { id: string; contactId: string }

export type Neighbours<T> = {
  previous: T | undefined
  next: T | undefined
  /** Whether older ones have to be loaded to know both. */
  needsMore: boolean
}

/**
 * Finds the notifications before and after one, in the order of the list that it was opened from: a search has the newest
 * first, a conversation the oldest.
 * @param found newest first.
 * @param isSearch whether it was opened from a search; otherwise only the same contact's count.
 */
export function findNeighbours<T extends Listed>(
  found: T[],
  { id, contactId }: Listed,
  isSearch: boolean,
): Neighbours<T> {
  const listed = isSearch ? found : found.filter((one) => one.contactId === contactId)
  const at = listed.findIndex((one) => one.id === id)
  if (at === -1) return { previous: undefined, next: undefined, needsMore: true }
  const [newer, older] = [listed[at - 1], listed[at + 1]]
  const needsMore = older === undefined
  return isSearch ? { previous: newer, next: older, needsMore } : { previous: older, next: newer, needsMore }
}
