import { Pacer } from './pacer.ts'

/**
 * One pacer for each replay, which counts from its latest start: replays do not wait for one another, and what is overdue after
 * a downtime is not sent all at once.
 */
export class ReplayPacers {
  readonly #byQueue = new Map<string, Pacer>()

  /** Milliseconds until the replay may start one more. */
  waitMs(queueId: string, ratePerSecond: number, nowMs: number): number {
    let pacer = this.#byQueue.get(queueId)
    if (!pacer) {
      pacer = new Pacer(ratePerSecond)
      this.#byQueue.set(queueId, pacer)
    }
    pacer.setRate(ratePerSecond)
    return pacer.delayMs(nowMs)
  }

  /** Counts a start. */
  take(queueId: string, nowMs: number): void {
    this.#byQueue.get(queueId)?.take(nowMs)
  }

  /** A replay that has nothing to send, and could start at once, is a new one when it comes back. */
  forgetIdle(nowMs: number, isIdle: (queueId: string) => boolean): void {
    for (const [queueId, pacer] of this.#byQueue)
      if (isIdle(queueId) && pacer.delayMs(nowMs) === 0) this.#byQueue.delete(queueId)
  }
}
