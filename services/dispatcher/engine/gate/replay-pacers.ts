import type { Item } from '../ports.ts'
import type { Queue } from '../scheduling/lane.ts'
import { Pacer } from './pacer.ts'

/**
 * One pacer for each replay, which counts from its latest start: replays do not wait for one another, and what is overdue after
 * a downtime is not sent all at once.
 */
export class ReplayPacers {
  readonly #queue: (queueId: string) => Queue<Pick<Item, 'ratePerSecond'>> | undefined
  readonly #nowMs: () => number
  readonly #byQueue = new Map<string, Pacer>()

  constructor(queue: (queueId: string) => Queue<Pick<Item, 'ratePerSecond'>> | undefined, nowMs: () => number) {
    this.#queue = queue
    this.#nowMs = nowMs
  }

  /** Milliseconds until the queue may start one more, by its replay's rate; live traffic has none. */
  waitMs(queueId: string): number {
    const rate = this.#queue(queueId)?.ready.peekFront()?.items.peekFront()?.ratePerSecond
    if (!rate) return 0
    let pacer = this.#byQueue.get(queueId)
    if (pacer) pacer.setRate(rate)
    else {
      pacer = new Pacer(rate)
      this.#byQueue.set(queueId, pacer)
    }
    return pacer.delayMs(this.#nowMs())
  }

  /** Counts a start. */
  take(queueId: string, nowMs: number): void {
    this.#byQueue.get(queueId)?.take(nowMs)
  }

  /** To be called from time to time: a replay that has nothing to send, and could start at once, is a new one when it comes back. */
  forgetIdle(): void {
    const nowMs = this.#nowMs()
    for (const [queueId, pacer] of this.#byQueue)
      if ((this.#queue(queueId)?.items ?? 0) === 0 && pacer.delayMs(nowMs) === 0) this.#byQueue.delete(queueId)
  }
}
