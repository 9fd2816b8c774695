import type { RecordPosition } from '../../platform/runtime/record-faults.ts'

type Waiting = { offset: number; readyAtMs: number }

/**
 * Decides when the oldest record of a delay topic's partition is due. Its due time comes from the wall clock of its
 * writer; once seen, it waits by the monotonic clock, and never longer than it was meant to when written: a clock set
 * back by an hour makes no retry an hour late (guarantees.md, 22).
 */
export class DueTimes {
  readonly #nowMs: () => number
  readonly #monotonicMs: () => number
  readonly #waiting = new Map<string, Waiting>()

  constructor({ nowMs, monotonicMs }: { nowMs: () => number; monotonicMs: () => number }) {
    this.#nowMs = nowMs
    this.#monotonicMs = monotonicMs
  }

  /**
   * Milliseconds until the record is due; 0 when it is.
   * @param writtenAtMs the record's own timestamp.
   * @param longestMs longest wait of the topic's records: one that asks for more must not delay all behind it.
   */
  waitMs(
    { topic, partition, offset }: RecordPosition,
    dueAtMs: number,
    writtenAtMs: number,
    longestMs: number,
  ): number {
    const key = `${topic}/${partition}`
    const untilDueMs = dueAtMs - this.#nowMs()
    const known = this.#waiting.get(key)
    const waits = known?.offset === offset ? known : undefined
    const meantMs = waits ? waits.readyAtMs - this.#monotonicMs() : Math.min(dueAtMs - writtenAtMs, longestMs)
    const waitMs = Math.max(0, Math.min(untilDueMs, meantMs))
    if (waitMs === 0) this.#waiting.delete(key)
    else if (!waits) this.#waiting.set(key, { offset, readyAtMs: this.#monotonicMs() + waitMs })
    return waitMs
  }
}
