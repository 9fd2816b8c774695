import Denque from 'denque'
import type { Lane, Webhook } from './lane.ts'
import { Young } from './young.ts'

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
   * breaker, its rate limit, a Retry-After); Infinity until wake() is called.
   */
  waitMs: (webhookId: string) => number
  after: (delayMs: number, due: () => void) => { cancel(): void }
}

/**
 * Decides which lane starts next: in order within a lane, any number of lanes at a time up to the webhook's cap and the
 * process's; webhooks that have something ready take turns, so that one of them cannot take all places.
 */
export class LaneScheduler<Item> {
  readonly #rules: LaneRules
  readonly #start: (lane: Lane<Item>, head: Item) => void
  readonly #webhooks = new Map<string, Webhook<Item>>()
  readonly #round = new Denque<Webhook<Item>>()
  readonly #young: Young
  #inFlight = 0
  #stopped = false
  #pumping = false

  constructor(rules: LaneRules, start: (lane: Lane<Item>, head: Item) => void) {
    this.#rules = rules
    this.#start = start
    this.#young = new Young(rules.after, () => this.#pump())
  }

  get inFlight(): number {
    return this.#inFlight
  }

  /** Items of one webhook in its lanes. */
  itemsOf(webhookId: string): number {
    return this.#webhooks.get(webhookId)?.items ?? 0
  }

  /** Webhooks with something in their lanes. */
  get webhooks(): number {
    return this.#webhooks.size
  }

  /** Webhooks with so many items of which nothing has ended since the last call. */
  stuck(leastItems: number): string[] {
    const stuck: string[] = []
    for (const webhook of this.#webhooks.values()) {
      if (!webhook.moved && webhook.items >= leastItems) stuck.push(webhook.id)
      webhook.moved = false
    }
    return stuck
  }

  enqueue(webhookId: string, contactId: string, item: Item): void {
    const lane = this.#lane(webhookId, contactId)
    lane.items.push(item)
    lane.webhook.items++
    if (lane.state === 'idle') this.#makeReady(lane)
  }

  /** The head is done with: the next item may start. */
  advance(lane: Lane<Item>): void {
    this.#shift(lane)
    this.#leave(lane)
    if (lane.items.isEmpty()) this.#retire(lane)
    else this.#makeReady(lane)
    this.#pump()
  }

  /** The head waits for a retry: it keeps the lane, but takes no place in flight meanwhile. */
  hold(lane: Lane<Item>): void {
    this.#leave(lane)
    lane.state = 'held'
    this.#pump()
  }

  /** The head of a held lane is due again. */
  resume(lane: Lane<Item>): void {
    if (lane.state === 'held') this.#makeReady(lane)
  }

  /** What kept a webhook from starting may be over. */
  wake(webhookId: string): void {
    const webhook = this.#webhooks.get(webhookId)
    if (!webhook?.closed) return
    this.#open(webhook)
    this.#pump()
  }

  /** Starts nothing any more; what is in flight goes on. */
  stop(): void {
    this.#stopped = true
  }

  /**
   * Takes out what has not been sent yet: everything but the heads of running and held lanes, in the order of each lane.
   * @param webhookId of one webhook; of all of them when left out.
   */
  takeQueued(webhookId?: string): Item[] {
    const one = webhookId === undefined ? undefined : this.#webhooks.get(webhookId)
    const webhooks = webhookId === undefined ? this.#webhooks.values() : one ? [one] : []
    const taken: Item[] = []
    for (const webhook of webhooks) {
      webhook.ready.clear()
      for (const lane of webhook.lanes.values()) {
        const kept = lane.state === 'running' || lane.state === 'held' ? 1 : 0
        const queued = lane.items.length > kept ? lane.items.remove(kept, lane.items.length - kept) : []
        webhook.items -= queued.length
        taken.push(...queued)
        if (kept === 0) this.#retire(lane)
      }
    }
    return taken
  }

  /** Drops the head of a held lane too. */
  dropHeld(lane: Lane<Item>): void {
    if (lane.state !== 'held') return
    this.#shift(lane)
    if (lane.items.isEmpty()) this.#retire(lane)
    else this.#makeReady(lane)
  }

  #lane(webhookId: string, contactId: string): Lane<Item> {
    let webhook = this.#webhooks.get(webhookId)
    if (!webhook) {
      webhook = {
        id: webhookId,
        lanes: new Map(),
        ready: new Denque(),
        inFlight: 0,
        items: 0,
        moved: true,
        inRound: false,
        closed: undefined,
      }
      this.#webhooks.set(webhookId, webhook)
    }
    let lane = webhook.lanes.get(contactId)
    if (!lane) {
      lane = { webhook, contactId, items: new Denque(), state: 'idle', generation: 0 }
      webhook.lanes.set(contactId, lane)
    }
    return lane
  }

  #makeReady(lane: Lane<Item>): void {
    lane.state = 'ready'
    lane.webhook.ready.push(lane)
    this.#joinRound(lane.webhook)
    this.#pump()
  }

  #leave(lane: Lane<Item>): void {
    this.#inFlight--
    this.#young.ended(lane.generation)
    lane.webhook.inFlight--
    lane.webhook.moved = true
    this.#joinRound(lane.webhook)
  }

  #shift(lane: Lane<Item>): void {
    lane.items.shift()
    lane.webhook.items--
  }

  #joinRound(webhook: Webhook<Item>): void {
    if (webhook.inRound || webhook.closed || webhook.ready.isEmpty()) return
    webhook.inRound = true
    this.#round.push(webhook)
  }

  /** Starting a lane may end it at once and ask for the next: the loop below goes on with it, not a deeper call. */
  #pump(): void {
    if (this.#pumping) return
    this.#pumping = true
    this.#startReady()
    this.#pumping = false
  }

  #startReady(): void {
    const { maxInFlight, maxYoung } = this.#rules
    while (!this.#stopped && this.#inFlight < maxInFlight && this.#young.count < maxYoung) {
      const webhook = this.#round.shift()
      if (!webhook) return
      webhook.inRound = false
      if (webhook.ready.isEmpty() || webhook.inFlight >= this.#rules.maxInFlightOf(webhook.id)) continue
      const waitMs = this.#rules.waitMs(webhook.id)
      if (waitMs > 0) {
        this.#close(webhook, waitMs)
        continue
      }
      const lane = webhook.ready.shift()
      const head = lane?.items.peekFront()
      if (!lane || head === undefined) continue
      lane.state = 'running'
      webhook.inFlight++
      this.#inFlight++
      lane.generation = this.#young.started()
      this.#joinRound(webhook)
      this.#start(lane, head)
    }
  }

  #close(webhook: Webhook<Item>, waitMs: number): void {
    const again = () => this.wake(webhook.id)
    webhook.closed = Number.isFinite(waitMs) ? this.#rules.after(Math.ceil(waitMs), again) : { cancel: () => {} }
  }

  #open(webhook: Webhook<Item>): void {
    webhook.closed?.cancel()
    webhook.closed = undefined
    this.#joinRound(webhook)
  }

  #retire(lane: Lane<Item>): void {
    lane.state = 'idle'
    const { webhook } = lane
    webhook.lanes.delete(lane.contactId)
    if (webhook.lanes.size > 0) return
    webhook.closed?.cancel()
    this.#webhooks.delete(webhook.id)
  }
}
