import { strict as assert } from 'node:assert'
import Denque from 'denque'
import type { Lane, LaneRules, Webhook } from './lane.ts'
import { Round } from './round.ts'
import { Speed } from './speed.ts'
import { Young } from './young.ts'

/** A webhook that may start nothing is asked about again after so long, however long it is to wait: clocks and definitions change. */
const longestCloseMs = 600_000

/**
 * Decides which lane starts next: in order within a lane, any number of lanes at a time up to the webhook's cap and the
 * process's; webhooks that have something ready take turns. None has more places in flight than it leaves free, so that slow
 * ones, however many, never have all of them (a dynamic threshold, Choudhury and Hahne 1998: n such webhooks come to rest
 * with one part of n + 1 each).
 */
export class LaneScheduler<Item> {
  readonly #rules: LaneRules
  readonly #start: (lane: Lane<Item>, head: Item) => void
  readonly #webhooks = new Map<string, Webhook<Item>>()
  readonly #round = new Round<Item>()
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

  inFlightOf(webhookId: string): number {
    return this.#webhooks.get(webhookId)?.inFlight ?? 0
  }

  perSecondOf(webhookId: string): number {
    return this.#webhooks.get(webhookId)?.speed.perSecond ?? 0
  }

  /** To be called from time to time: what has ended since the last call tells how fast each webhook works off what it has. */
  measure(elapsedMs: number): void {
    for (const webhook of this.#webhooks.values()) {
      webhook.speed.measure(elapsedMs)
      if (webhook.lanes.size === 0 && webhook.speed.perSecond === 0) this.#webhooks.delete(webhook.id)
    }
  }

  /** Whether it takes the webhook's receiver, or its limits, more than a second to work off what it has. */
  isSlow(webhookId: string): boolean {
    const webhook = this.#webhooks.get(webhookId)
    return webhook !== undefined && this.#isSlow(webhook)
  }

  /** Slow webhooks with at least half of an equal part of so many items. */
  slowOnes(items: number): string[] {
    const busy = [...this.#webhooks.values()].filter((webhook) => webhook.items > 0)
    const halfOfEqualPart = items / busy.length / 2
    return busy.filter((webhook) => webhook.items >= halfOfEqualPart && this.#isSlow(webhook)).map(({ id }) => id)
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
    webhook.closed.cancel()
    webhook.closed = undefined
    this.#round.join(webhook)
    this.#pump()
  }

  /** Starts nothing any more; what is in flight goes on. */
  stop(): void {
    this.#stopped = true
  }

  /**
   * Takes out what has not been sent yet: everything but the heads of running and held lanes, in the order of each lane. The
   * lanes take turns: what is sent in that order later is not one contact's after another's.
   * @param webhookId of one webhook; of all of them when left out.
   */
  takeQueued(webhookId?: string): Item[] {
    const one = webhookId === undefined ? undefined : this.#webhooks.get(webhookId)
    const webhooks = webhookId === undefined ? this.#webhooks.values() : one ? [one] : []
    const taken: Item[][] = []
    for (const webhook of webhooks) {
      webhook.ready.clear()
      for (const lane of webhook.lanes.values()) {
        const kept = lane.state === 'running' || lane.state === 'held' ? 1 : 0
        const queued = lane.items.length > kept ? lane.items.remove(kept, lane.items.length - kept) : []
        webhook.items -= queued.length
        for (const [turn, item] of queued.entries()) {
          const itemsOfTurn = taken[turn]
          if (itemsOfTurn) itemsOfTurn.push(item)
          else taken[turn] = [item]
        }
        if (kept === 0) this.#retire(lane)
      }
    }
    return taken.flat()
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
        speed: new Speed(),
        turn: 'none',
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
    this.#round.join(lane.webhook)
    this.#pump()
  }

  #leave(lane: Lane<Item>): void {
    this.#inFlight--
    this.#round.rejoin()
    this.#young.ended(lane.generation)
    lane.webhook.inFlight--
    lane.webhook.speed.count()
    this.#round.join(lane.webhook)
  }

  #shift(lane: Lane<Item>): void {
    lane.items.shift()
    lane.webhook.items--
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
      const webhook = this.#round.next()
      if (!webhook) return
      if (webhook.ready.isEmpty() || webhook.inFlight >= this.#rules.maxInFlightOf(webhook.id)) continue
      if (webhook.inFlight >= maxInFlight - this.#inFlight) {
        this.#round.putAside(webhook)
        continue
      }
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
      this.#round.join(webhook)
      this.#start(lane, head)
    }
  }

  #close(webhook: Webhook<Item>, waitMs: number): void {
    assert(Number.isFinite(waitMs), `webhook ${webhook.id} would wait ${waitMs} ms: for ever`)
    webhook.closed = this.#rules.after(Math.ceil(Math.min(waitMs, longestCloseMs)), () => this.wake(webhook.id))
  }

  #retire(lane: Lane<Item>): void {
    lane.state = 'idle'
    const { webhook } = lane
    webhook.lanes.delete(lane.contactId)
    if (webhook.lanes.size > 0) return
    webhook.closed?.cancel()
    webhook.closed = undefined
  }

  /**
   * Who stands in the round waits for us. But when places are scarce, those whose own requests last longer than a second (in
   * flight / per second: Little 1961) stand there or aside too.
   */
  #isSlow({ turn, inFlight, items, speed }: Webhook<Item>): boolean {
    const hasPlaces = turn === 'next' && this.#inFlight < this.#rules.maxInFlight
    const waitsForUs = hasPlaces || (turn !== 'none' && speed.perSecond > inFlight)
    return speed.isMeasured && !waitsForUs && items > speed.perSecond
  }
}
