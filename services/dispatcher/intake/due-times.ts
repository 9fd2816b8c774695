import type { RecordPosition } from '../../platform/runtime/record-faults.ts'

type Waiting = { offset: number; readyAtMs: number }

/**
 * When the oldest record of a delay topic's partition is due. Its time is of the wall clock of whoever wrote it; once seen,
 * it waits by the monotonic clock, and never longer than it was meant to when it was written: a clock that is set back by
 * an hour makes no retry an hour late (guarantees.md, 22).
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
   * @param longestMs no record of the topic was meant to wait longer: one that says so must not keep all behind it waiting.
   */
  waitMs(
    { topic, partition, offset }: RecordPosition,
    dueAtMs: number,
    writtenAtMs: number,
    longestMs: number,
  ): number {
    const place = `${topic}/${partition}`
    const untilDueMs = dueAtMs - this.#nowMs()
    const known = this.#waiting.get(place)
    const waits = known?.offset === offset ? known : undefined
    const meantMs = waits ? waits.readyAtMs - this.#monotonicMs() : Math.min(dueAtMs - writtenAtMs, longestMs)
    const waitMs = Math.max(0, Math.min(untilDueMs, meantMs))
    if (waitMs === 0) this.#waiting.delete(place)
    else if (!waits) this.#waiting.set(place, { offset, readyAtMs: this.#monotonicMs() + waitMs })
    return waitMs
  }
}
