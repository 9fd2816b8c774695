import type { Counts } from '../../../domain/stats/stats.ts'
import type { CountedAttempt } from '../attempts.ts'

export function noCounts(): Counts {
  return { success: 0, slow: 0, error: 0, rejected: 0, errors: {} }
}

export function countOutcome(counts: Counts, { outcome, cause }: CountedAttempt): void {
  counts[outcome]++
  if (outcome !== 'error') return
  const name = cause !== null && isKept(counts.errors, cause) ? cause : 'other'
  counts.errors[name] = (Object.hasOwn(counts.errors, name) ? (counts.errors[name] ?? 0) : 0) + 1
}

/** Maximum causes counted by name in one minute or hour; there are a dozen. */
const maxCauses = 20

function isKept(errors: Counts['errors'], cause: string): boolean {
  if (!/^[a-z0-9-]{1,16}$/.test(cause)) return false
  return Object.hasOwn(errors, cause) || Object.keys(errors).length < maxCauses
}

/**
 * The entry of a time in a list ascending by `readStart`, created if missing. Only the newest entries are kept. Which
 * entries remain, and their contents, do not depend on the order of the times: an entry that was dropped never becomes
 * one of the newest again.
 * @returns undefined when the time is older than all entries kept.
 */
export function entryAt<T>(
  entries: T[],
  start: number,
  keep: number,
  readStart: (entry: T) => number,
  make: (start: number) => T,
): T | undefined {
  // Searched from the end, since most attempts belong to the newest entry.
  let at = entries.length - 1
  while (at >= 0 && readStart(entries[at] as T) > start) at--
  const found = entries[at]
  if (found !== undefined && readStart(found) === start) return found
  if (at < 0 && entries.length === keep) return undefined
  const made = make(start)
  entries.splice(at + 1, 0, made)
  if (entries.length > keep) entries.shift()
  return made
}

/** Start of an entry of hours, for entryAt. */
export function readHour({ hour }: { hour: number }): number {
  return hour
}
