import Denque from 'denque'

/** The notifications of one contact of one webhook: sent one after the other, in order. */
export type Lane<Item> = {
  readonly webhook: Webhook<Item>
  readonly contactId: string
  /** Its head is the item being sent, or next to be. */
  readonly items: Denque<Item>
  /** idle: nothing to send; ready: waits for a place in flight; running: its head is being sent; held: its head waits for a retry. */
  state: 'idle' | 'ready' | 'running' | 'held'
}

type Webhook<Item> = {
  readonly id: string
  readonly lanes: Map<string, Lane<Item>>
  readonly ready: Denque<Lane<Item>>
  inFlight: number
  /** Whether it stands in the round of webhooks that can start a lane. */
  inRound: boolean
}

export type LaneLimits = {
  /** Of the whole process. */
  maxInFlight: number
  /** Of one webhook: its definition's. */
  maxInFlightOf: (webhookId: string) => number
}

/**
 * Decides which lane starts next: in order within a lane, any number of lanes at a time up to the webhook's cap and the
 * process's; webhooks that have something ready take turns, so that one of them cannot take all places.
 */
export class LaneScheduler<Item> {
  readonly #limits: LaneLimits
  readonly #start: (lane: Lane<Item>, head: Item) => void
  readonly #webhooks = new Map<string, Webhook<Item>>()
  readonly #round = new Denque<Webhook<Item>>()
  #inFlight = 0
  #stopped = false
  #pumping = false

  constructor(limits: LaneLimits, start: (lane: Lane<Item>, head: Item) => void) {
    this.#limits = limits
    this.#start = start
  }

  get inFlight(): number {
    return this.#inFlight
  }

  enqueue(webhookId: string, contactId: string, item: Item): void {
    const lane = this.#lane(webhookId, contactId)
    lane.items.push(item)
    if (lane.state === 'idle') this.#makeReady(lane)
  }

  /** The head is done with: the next item may start. */
  advance(lane: Lane<Item>): void {
    lane.items.shift()
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

  /** Starts nothing any more; what is in flight goes on. */
  stop(): void {
    this.#stopped = true
  }

  /** Drops what has not been sent yet: everything but the heads of running and held lanes. @param drop called with each. */
  dropQueued(drop: (item: Item) => void): void {
    for (const webhook of this.#webhooks.values()) {
      webhook.ready.clear()
      for (const lane of webhook.lanes.values()) {
        const kept = lane.state === 'running' || lane.state === 'held' ? 1 : 0
        while (lane.items.length > kept) drop(lane.items.pop() as Item)
        if (kept === 0) this.#retire(lane)
      }
    }
  }

  /** Drops the head of a held lane too. */
  dropHeld(lane: Lane<Item>): void {
    if (lane.state !== 'held') return
    lane.items.shift()
    if (lane.items.isEmpty()) this.#retire(lane)
    else this.#makeReady(lane)
  }

  #lane(webhookId: string, contactId: string): Lane<Item> {
    let webhook = this.#webhooks.get(webhookId)
    if (!webhook) {
      webhook = { id: webhookId, lanes: new Map(), ready: new Denque(), inFlight: 0, inRound: false }
      this.#webhooks.set(webhookId, webhook)
    }
    let lane = webhook.lanes.get(contactId)
    if (!lane) {
      lane = { webhook, contactId, items: new Denque(), state: 'idle' }
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
    lane.webhook.inFlight--
    this.#joinRound(lane.webhook)
  }

  #joinRound(webhook: Webhook<Item>): void {
    if (webhook.inRound || webhook.ready.isEmpty()) return
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
    while (!this.#stopped && this.#inFlight < this.#limits.maxInFlight) {
      const webhook = this.#round.shift()
      if (!webhook) return
      webhook.inRound = false
      if (webhook.inFlight >= this.#limits.maxInFlightOf(webhook.id)) continue
      const lane = webhook.ready.shift()
      const head = lane?.items.peekFront()
      if (!lane || head === undefined) continue
      lane.state = 'running'
      webhook.inFlight++
      this.#inFlight++
      this.#joinRound(webhook)
      this.#start(lane, head)
    }
  }

  #retire(lane: Lane<Item>): void {
    lane.state = 'idle'
    const { webhook } = lane
    webhook.lanes.delete(lane.contactId)
    if (webhook.lanes.size === 0) this.#webhooks.delete(webhook.id)
  }
}
