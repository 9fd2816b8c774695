import Denque from 'denque'
import type { Queue } from './lane.ts'
import type { SlotClass } from './request-slots.ts'

/** Of those aside, so many are asked again for each place that gets free: with 2,000 aside, each end would cost as many questions. */
const rejoinedAtOnce = 32

/** Queues that can start a lane, in turns; each stands here once at most. */
export class TurnQueue<Item> {
  readonly #waiting = new Denque<Queue<Item>>()
  readonly #deferred: Record<SlotClass, Set<Queue<Item>>> = { quick: new Set(), unknown: new Set(), slow: new Set() }

  /** To the end of the round, where it has something ready and nothing keeps it from starting. */
  join(queue: Queue<Item>): void {
    if (queue.turn !== 'none' || queue.closed || queue.ready.isEmpty()) return
    queue.turn = 'next'
    this.#waiting.push(queue)
  }

  /** Takes the first one out. */
  next(): Queue<Item> | undefined {
    const queue = this.#waiting.shift()
    if (queue) queue.turn = 'none'
    return queue
  }

  /** For one whose webhook has its share of the places that its class has left: it joins again when there are more. */
  defer(queue: Queue<Item>): void {
    queue.turn = 'deferred'
    this.#deferred[queue.webhook.slotClass].add(queue)
  }

  /** Places of the class may be free again. @param most so many join, the longest aside first. */
  rejoin(slotClass: SlotClass, most = rejoinedAtOnce): void {
    const deferred = this.#deferred[slotClass]
    if (deferred.size === 0) return
    let left = most
    for (const queue of deferred) {
      if (left-- === 0) return
      this.#rejoin(deferred, queue)
    }
  }

  /** The queue's webhook goes over to another class. */
  rejoinDeferred(queue: Queue<Item>): void {
    if (queue.turn === 'deferred') this.#rejoin(this.#deferred[queue.webhook.slotClass], queue)
  }

  #rejoin(deferred: Set<Queue<Item>>, queue: Queue<Item>): void {
    deferred.delete(queue)
    queue.turn = 'none'
    this.join(queue)
  }
}
