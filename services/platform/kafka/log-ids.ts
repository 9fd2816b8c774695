import type { Cluster } from './kafkajs-patches/kafkajs-inside.ts'

/**
 * The log behind a topic's name. A topic that is deleted and made anew, or restored, is another log: what was known of
 * offsets says nothing of it (decision 15).
 */

/** A log that is being read is another one, or a shorter one, than before. Ends the process: its next start reads what is there now. */
export class LogChanged extends Error {
  override name = 'LogChanged'
}

/** Topic ids (KIP-516) as one reader has met them first. */
export class LogIds {
  readonly #ids: Map<string, string>

  /** @param known ids that were met before. */
  constructor(known: Iterable<[string, string]> = []) {
    this.#ids = new Map(known)
  }

  /** Null where it is not known: before the topic is met, and of brokers before Kafka 2.8. */
  of(topic: string): string | null {
    return this.#ids.get(topic) ?? null
  }

  /** Takes note of the topic's present log. @returns the id of the log that was there before, if that is another one. */
  meet(topic: string, id: string | null): string | null {
    if (id === null) return null
    const before = this.#ids.get(topic)
    if (before === undefined) this.#ids.set(topic, id)
    return before === undefined || before === id ? null : before
  }
}

/** The topic's id in metadata that are there already; null where they do not tell it. */
export function topicIdIn(cluster: Pick<Cluster, 'findTopicPartitionMetadata'>, topic: string): string | null {
  return cluster.findTopicPartitionMetadata(topic)[0]?.topicId ?? null
}

/** A partition's log as it is now: the offsets of its first record and behind its last one. */
export type LogExtent = { logId: string | null; low: number; high: number }

/** Where a commit says to go on, or why it says nothing about this log. */
export type CommitVerdict = { kind: 'here' } | { kind: 'passed'; deleted: number } | { kind: 'foreign'; why: string }

/** Whether an offset that was committed means the same place in the log that is there now. */
export function judgeCommit(
  offset: number,
  committedLogId: string | null,
  { logId, low, high }: LogExtent,
): CommitVerdict {
  if (committedLogId !== null && logId !== null && committedLogId !== logId)
    return { kind: 'foreign', why: `it is of the log ${committedLogId}, the topic's log is ${logId} now` }
  if (offset > high) return { kind: 'foreign', why: `the log ends at ${high}` }
  if (offset < low) return { kind: 'passed', deleted: low - offset }
  return { kind: 'here' }
}
