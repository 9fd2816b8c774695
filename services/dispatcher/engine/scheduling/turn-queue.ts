import Denque from 'denque'
import type { Queue } from './lane.ts'
import type { SlotClass } from './request-slots.ts'

/**
 * Maximum deferred queues that rejoin for each slot that becomes free: with 2,000 deferred, each end of a request
 * would otherwise check all of them.
 */
const rejoinedAtOnce = 32

/** Queues that can start a lane, in turns; each is in it at most once. */
export class TurnQueue<Item> {
  readonly #waiting = new Denque<Queue<Item>>()
  readonly #deferred: Record<SlotClass, Set<Queue<Item>>> = { quick: new Set(), unknown: new Set(), slow: new Set() }

  /** Adds a queue at the end if it has something ready and nothing keeps it from starting. */
  join(queue: Queue<Item>): void {
    if (queue.turn !== 'none' || queue.closed || queue.ready.isEmpty()) return
    queue.turn = 'next'
    this.#waiting.push(queue)
  }

  /** Removes and returns the first queue. */
  next(): Queue<Item> | undefined {
    const queue = this.#waiting.shift()
    if (queue) queue.turn = 'none'
    return queue
  }

  /** Defers a queue whose webhook has its share of the slots that its class has left, until more are free. */
  defer(queue: Queue<Item>): void {
    queue.turn = 'deferred'
    this.#deferred[queue.webhook.slotClass].add(queue)
  }

  /**
   * Lets deferred queues of a class rejoin, because slots of it may be free again.
   * @param most queues that join, the longest deferred first.
   */
  rejoin(slotClass: SlotClass, most = rejoinedAtOnce): void {
    const deferred = this.#deferred[slotClass]
    if (deferred.size === 0) return
    let left = most
    for (const queue of deferred) {
      if (left-- === 0) return
      this.#rejoin(deferred, queue)
    }
  }

  /** Ends the deferral of a queue whose webhook changes its class. */
  rejoinDeferred(queue: Queue<Item>): void {
    if (queue.turn === 'deferred') this.#rejoin(this.#deferred[queue.webhook.slotClass], queue)
  }

  #rejoin(deferred: Set<Queue<Item>>, queue: Queue<Item>): void {
    deferred.delete(queue)
    queue.turn = 'none'
    this.join(queue)
  }
}
