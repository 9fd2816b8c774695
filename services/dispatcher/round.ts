import Denque from 'denque'
import type { Webhook } from './lane.ts'

/** Webhooks that can start a lane, in turns; each stands here once at most. */
export class Round<Item> {
  readonly #waiting = new Denque<Webhook<Item>>()
  readonly #aside: Webhook<Item>[] = []

  /** To the end of the round, where it has something ready and nothing keeps it from starting. */
  join(webhook: Webhook<Item>): void {
    if (webhook.turn !== 'none' || webhook.closed || webhook.ready.isEmpty()) return
    webhook.turn = 'next'
    this.#waiting.push(webhook)
  }

  /** Takes the first one out. */
  next(): Webhook<Item> | undefined {
    const webhook = this.#waiting.shift()
    if (webhook) webhook.turn = 'none'
    return webhook
  }

  /** For one that has as many places in flight as are left for all others: it joins again when there are more. */
  putAside(webhook: Webhook<Item>): void {
    webhook.turn = 'aside'
    this.#aside.push(webhook)
  }

  /** A place is free again. */
  rejoin(): void {
    if (this.#aside.length === 0) return
    for (const webhook of this.#aside.splice(0)) {
      webhook.turn = 'none'
      this.join(webhook)
    }
  }
}
