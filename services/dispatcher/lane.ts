import type Denque from 'denque'
import type { Speed } from './speed.ts'

/** The notifications of one contact of one webhook: sent one after the other, in order. */
export type Lane<Item> = {
  readonly webhook: Webhook<Item>
  readonly contactId: string
  /** Its head is the item being sent, or next to be. */
  readonly items: Denque<Item>
  /** idle: nothing to send; ready: waits for a place in flight; running: its head is being sent; held: its head waits for a retry. */
  state: 'idle' | 'ready' | 'running' | 'held'
  /** Of its head's start: see Young. */
  generation: number
}

/** One webhook's lanes, and what it has in flight. */
export type Webhook<Item> = {
  readonly id: string
  readonly lanes: Map<string, Lane<Item>>
  readonly ready: Denque<Lane<Item>>
  inFlight: number
  /** Items in its lanes. */
  items: number
  readonly speed: Speed
  /** next: it waits for its turn to start a lane; aside: for places in flight to be left for others too (Round). */
  turn: 'none' | 'next' | 'aside'
  /** Runs while the webhook may start nothing. */
  closed: { cancel(): void } | undefined
}

export type LaneRules = {
  /** Of the whole process. */
  maxInFlight: number
  /**
   * Of those that started within the last few milliseconds. Receivers that answer at once need no more to keep the process
   * busy: in turns over 512 sockets a delivery took 65 us of CPU, over 48 to 64 of them 50 us. Slow ones are not held back.
   */
  maxYoung: number
  /** Of one webhook: its definition's. */
  maxInFlightOf: (webhookId: string) => number
  /**
   * Asked before each start: 0 lets the lane start now, otherwise how many milliseconds the webhook has to wait (for its
   * breaker, its rate limit, a Retry-After). Finite: each wait has a timer of its own, which wake() can only shorten.
   */
  waitMs: (webhookId: string) => number
  after: (delayMs: number, due: () => void) => { cancel(): void }
}
