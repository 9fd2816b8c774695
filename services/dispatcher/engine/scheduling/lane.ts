import type Denque from 'denque'
import type { AnswerTimes } from './answer-times.ts'
import type { SlotClass, SlotGroup } from './request-slots.ts'
import type { Throughput } from './throughput.ts'

/** The notifications of one contact in one queue: sent one after the other, in order. */
export type Lane<Item> = {
  readonly queue: Queue<Item>
  readonly contactId: string
  /** Its head is the item being sent, or next to be. */
  readonly items: Denque<Item>
  /** idle: nothing to send; ready: waits for a place in flight; running: its head is being sent; held: its head waits for a retry. */
  state: 'idle' | 'ready' | 'running' | 'waitingForRetry'
  /** Of its head's start: see Young. */
  startEpoch: number
}

/** A webhook's live notifications, or those of one of its replays: neither waits for the other. */
export type Queue<Item> = {
  readonly id: string
  readonly webhook: ScheduledWebhook<Item>
  readonly lanes: Map<string, Lane<Item>>
  readonly ready: Denque<Lane<Item>>
  /** Of the items in its lanes. */
  items: number
  bytes: number
  /** Lanes whose head waits for a retry. */
  waitingForRetry: number
  readonly throughput: Throughput
  /** next: it waits for its turn to start a lane; aside: for places in flight to be left for others too (Round). */
  turn: 'none' | 'next' | 'deferred'
  /** Runs while the queue may start nothing. */
  closed: { cancel(): void } | undefined
}

/** A receiver: its requests in flight, of all of its queues, and how quickly it answers. */
export type ScheduledWebhook<Item> = {
  readonly id: string
  readonly queues: Set<Queue<Item>>
  inFlight: number
  readonly answers: AnswerTimes
  /** The share of the places that its requests in flight are counted in. */
  slotClass: SlotClass
  /** The share of memory that the items of its queues are counted in. */
  memoryClass: SlotClass
  /** Those that its requests in flight are counted in too; of the definition at the time of the first of them. */
  business: SlotGroup | null
  origin: SlotGroup | null
}

export type LaneRules = {
  /** Of the whole process. */
  maxInFlight: number
  /**
   * Of those that started within the last few milliseconds. Receivers that answer at once need no more to keep the process
   * busy: in turns over 512 sockets a delivery took 65 us of CPU, over 48 to 64 of them 50 us. Slow ones are not held back.
   */
  maxRecentStarts: number
  /** Of one webhook: its definition's. */
  maxInFlightOf: (webhookId: string) => number
  /** Whose share of the places a webhook's requests are part of. */
  groupKeysOf: (webhookId: string) => { business: string; origin: string }
  /**
   * Asked before each start: 0 lets the lane start now, otherwise how many milliseconds the queue has to wait (for its
   * webhook's breaker, rate limit or Retry-After, or its replay's rate). Finite: each wait has a
   * timer of its own, which wake() can only shorten.
   */
  requestStart: (queueId: string, webhookId: string) => number
  after: (delayMs: number, due: () => void) => { cancel(): void }
}
