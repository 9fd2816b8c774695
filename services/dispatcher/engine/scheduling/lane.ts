import { strict as assert } from 'node:assert'
import type Denque from 'denque'
import type { AnswerTimes } from './receiver-speed/answer-times.ts'
import type { Throughput } from './receiver-speed/throughput.ts'
import type { SlotClass, SlotGroup } from './request-slots.ts'

/**
 * idle: nothing to send; ready: waits for a request slot; running: its head is being sent; waitingForRetry: its head
 * waits for a retry.
 */
export type LaneState = 'idle' | 'ready' | 'running' | 'waitingForRetry'

/** States that may follow each state. */
const nextStates: Record<LaneState, readonly LaneState[]> = {
  idle: ['ready'],
  // idle: its unsent items are taken out.
  ready: ['running', 'idle'],
  // ready: the head was put back, or has ended and another follows.
  running: ['ready', 'waitingForRetry', 'idle'],
  // idle: the waiting head was dropped or taken out, and nothing follows.
  waitingForRetry: ['ready', 'idle'],
}

/** Changes the state of a lane. @throws when the new state may not follow the present one. */
export function changeState(lane: { readonly contactId: string; readonly state: LaneState }, to: LaneState): void {
  if (!nextStates[lane.state].includes(to)) assert.fail(`lane ${lane.contactId} went from ${lane.state} to ${to}`)
  ;(lane as { state: LaneState }).state = to
}

/** Notifications of one contact in one queue, sent one after the other, in order. */
export type Lane<Item> = {
  readonly queue: Queue<Item>
  readonly contactId: string
  /** The head is the item being sent, or the next to be. */
  readonly items: Denque<Item>
  /** Changed by changeState only. */
  readonly state: LaneState
  /** Burst-limit epoch in which the head was started (see BurstLimit). */
  startEpoch: number
}

/** Live notifications of a webhook, or those of one of its replays: neither waits for the other. */
export type Queue<Item> = {
  readonly id: string
  readonly webhook: ScheduledWebhook<Item>
  readonly lanes: Map<string, Lane<Item>>
  readonly ready: Denque<Lane<Item>>
  /** Number of items in its lanes, and their bytes. */
  items: number
  bytes: number
  /** Number of lanes whose head waits for a retry. */
  waitingForRetry: number
  readonly throughput: Throughput
  /**
   * next: waits for its turn to start a lane; deferred: its webhook has its share of the request slots (see
   * TurnQueue).
   */
  turn: 'none' | 'next' | 'deferred'
  /** Timer that runs while the queue may start nothing. */
  closed: { cancel(): void } | undefined
}

/** A webhook with queues: its requests in flight, over all queues, and how quickly its receiver answers. */
export type ScheduledWebhook<Item> = {
  readonly id: string
  readonly queues: Set<Queue<Item>>
  inFlight: number
  readonly answers: AnswerTimes
  /** Class of slots that its requests in flight are counted in. */
  slotClass: SlotClass
  /** Class of memory that the items of its queues are counted in. */
  memoryClass: SlotClass
  /** Groups that its requests in flight are counted in too, by the definition at the time of the first of them. */
  business: SlotGroup | null
  origin: SlotGroup | null
}

export type LaneRules = {
  /** Maximum requests in flight of the whole process. */
  maxInFlight: number
  /**
   * Maximum requests in flight that started within the last few milliseconds. Receivers that answer at once need no
   * more to keep the process busy: in turns over 512 sockets a delivery took 65 us of CPU, over 48 to 64 of them 50
   * us. Slow receivers are not held back.
   */
  maxRecentStarts: number
  /** Maximum requests in flight of one webhook, from its definition. */
  maxInFlightOf: (webhookId: string) => number
  /** Groups whose share of the request slots a webhook's requests are part of. */
  groupKeysOf: (webhookId: string) => { business: string; origin: string }
  /**
   * Called before each start: 0 lets the lane start now; otherwise the milliseconds that the queue has to wait, for
   * its webhook's breaker, rate limit or Retry-After, or its replay's rate. Finite: each wait has a timer of its own,
   * which wake() can only shorten.
   */
  requestStart: (queueId: string, webhookId: string) => number
  after: (delayMs: number, due: () => void) => { cancel(): void }
}
