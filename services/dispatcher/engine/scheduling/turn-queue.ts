import Denque from 'denque'
import type { Queue } from './lane.ts'
import type { PlaceClass } from './request-slots.ts'

/** Of those aside, so many are asked again for each place that gets free: with 2,000 aside, each end would cost as many questions. */
const rejoinedAtOnce = 32

/** Queues that can start a lane, in turns; each stands here once at most. */
export class Round<Item> {
  readonly #waiting = new Denque<Queue<Item>>()
  readonly #aside: Record<PlaceClass, Set<Queue<Item>>> = { quick: new Set(), unknown: new Set(), slow: new Set() }

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
  putAside(queue: Queue<Item>): void {
    queue.turn = 'aside'
    this.#aside[queue.webhook.placeClass].add(queue)
  }

  /** Places of the class may be free again. @param most so many join, the longest aside first. */
  rejoin(placeClass: PlaceClass, most = rejoinedAtOnce): void {
    const aside = this.#aside[placeClass]
    if (aside.size === 0) return
    let left = most
    for (const queue of aside) {
      if (left-- === 0) return
      this.#bringBack(aside, queue)
    }
  }

  /** The queue's webhook goes over to another class. */
  leaveAside(queue: Queue<Item>): void {
    if (queue.turn === 'aside') this.#bringBack(this.#aside[queue.webhook.placeClass], queue)
  }

  #bringBack(aside: Set<Queue<Item>>, queue: Queue<Item>): void {
    aside.delete(queue)
    queue.turn = 'none'
    this.join(queue)
  }
}
