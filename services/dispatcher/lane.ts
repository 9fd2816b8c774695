import type Denque from 'denque'

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
  /** Something of it has ended since stuck() was asked. */
  moved: boolean
  /** Whether it stands in the round of webhooks that can start a lane. */
  inRound: boolean
  /** Runs while the webhook may start nothing. */
  closed: { cancel(): void } | undefined
}
