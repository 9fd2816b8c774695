import type { Item } from '../item.ts'
import type { Queue } from '../scheduling/lane.ts'
import { Pacer } from './pacer.ts'

/**
 * One pacer per replay, which counts from the replay's latest start: replays do not wait for one another, and
 * deliveries overdue after a downtime are not sent all at once.
 */
export class ReplayPacers {
  readonly #queue: (queueId: string) => Queue<Pick<Item, 'ratePerSecond'>> | undefined
  /** A clock that never jumps, in milliseconds. */
  readonly #monotonicMs: () => number
  readonly #byQueue = new Map<string, { pacer: Pacer; ratePerSecond: number }>()

  constructor(queue: (queueId: string) => Queue<Pick<Item, 'ratePerSecond'>> | undefined, monotonicMs: () => number) {
    this.#queue = queue
    this.#monotonicMs = monotonicMs
  }

  /**
   * Milliseconds until the queue may start one more by its replay's rate, for a caller that comes back then; 0 for
   * live traffic.
   */
  requestStart(queueId: string): number {
    const ratePerSecond = this.#queue(queueId)?.ready.peekFront()?.items.peekFront()?.ratePerSecond
    if (!ratePerSecond) return 0
    const pacer = this.#byQueue.get(queueId)?.pacer ?? new Pacer()
    this.#byQueue.set(queueId, { pacer, ratePerSecond })
    return pacer.request(this.#monotonicMs(), ratePerSecond)
  }

  /** Counts a start. */
  take(queueId: string): void {
    const paced = this.#byQueue.get(queueId)
    paced?.pacer.take(this.#monotonicMs(), paced.ratePerSecond)
  }

  /** Forgets replays that have nothing to send and could start at once: they count as new when they come back. */
  forgetIdle(): void {
    const nowMs = this.#monotonicMs()
    for (const [queueId, { pacer, ratePerSecond }] of this.#byQueue)
      if ((this.#queue(queueId)?.items ?? 0) === 0 && pacer.waitMs(nowMs, ratePerSecond) === 0)
        this.#byQueue.delete(queueId)
  }
}
