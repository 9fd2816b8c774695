/**
 * The log behind a topic's name. A topic that is deleted and recreated, or restored, is another log, and offsets known
 * before mean nothing in it (decision 15).
 */

/**
 * Error of a log that was replaced or became shorter while it was read. It ends the process; the next start reads the
 * log that exists then.
 */
export class LogChanged extends Error {
  override name = 'LogChanged'
}

/** Topic ids (KIP-516) as one reader first met them. */
export class LogIds {
  readonly #ids: Map<string, string>

  /** @param known ids that were met before. */
  constructor(known: Iterable<[string, string]> = []) {
    this.#ids = new Map(known)
  }

  /** Null if unknown: before the topic is met, and with brokers before Kafka 2.8. */
  of(topic: string): string | null {
    return this.#ids.get(topic) ?? null
  }

  /** Records the topic's current log. @returns the id of the log before it, if that is another one. */
  meet(topic: string, id: string | null): string | null {
    if (id === null) return null
    const before = this.#ids.get(topic)
    if (before === undefined) this.#ids.set(topic, id)
    return before === undefined || before === id ? null : before
  }
}

/** Current extent of a partition's log: the offset of its first record and the one after its last. */
export type LogExtent = { logId: string | null; low: number; high: number }

/**
 * Whether a commit applies to this log: reading continues there, records after it were deleted, or it belongs to
 * another log.
 */
export type CommitVerdict = { kind: 'here' } | { kind: 'passed'; deleted: number } | { kind: 'foreign'; why: string }

/** Whether a committed offset means the same position in the current log. */
export function judgeCommit(
  offset: number,
  committedLogId: string | null,
  { logId, low, high }: LogExtent,
): CommitVerdict {
  if (committedLogId !== null && logId !== null && committedLogId !== logId)
    return { kind: 'foreign', why: `it belongs to log ${committedLogId}, but the topic's log is ${logId} now` }
  if (offset > high) return { kind: 'foreign', why: `the log ends at ${high}` }
  if (offset < low) return { kind: 'passed', deleted: low - offset }
  return { kind: 'here' }
}
