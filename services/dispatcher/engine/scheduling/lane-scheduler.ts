import { strict as assert } from 'node:assert'
import type { AnswerTimes, Ending } from './answer-times.ts'
import { Young } from './burst-limit.ts'
import type { Lane, LaneRules, Queue, Webhook } from './lane.ts'
import { QueueTable } from './queue-table.ts'
import { type PlaceClass, Places } from './request-slots.ts'
import { SilenceWatch } from './silence-watch.ts'
import { takeUnsent } from './take-unsent.ts'
import { Round } from './turn-queue.ts'

/** A queue that may start nothing is asked about again after so long, however long it is to wait: clocks and definitions change. */
const longestCloseMs = 600_000
/** Until it is known whether a receiver answers, more than one request would only tell the same. */
const maxInFlightOfUnknown = 1

/**
 * Decides which lane starts next: in order within a lane, any number of lanes at a time up to the webhook's cap and its
 * share of the places in flight (Places); queues that have something ready take turns.
 */
export class LaneScheduler<Item extends { readonly bytes: number }> {
  readonly #rules: LaneRules
  readonly #start: (lane: Lane<Item>, head: Item) => void
  /** What there is to send; others look at it, and change nothing. */
  readonly queues = new QueueTable<Item>()
  readonly #round = new Round<Item>()
  readonly #places: Places
  readonly #young: Young
  readonly #silence: SilenceWatch
  #stopped = false
  #pumping = false

  constructor(rules: LaneRules, start: (lane: Lane<Item>, head: Item) => void) {
    this.#rules = rules
    this.#start = start
    this.#places = new Places(rules.maxInFlight)
    this.#young = new Young(rules.after, () => this.#pump())
    this.#silence = new SilenceWatch(rules.after, (elapsedMs) => this.#lookForSilence(elapsedMs))
  }

  get inFlight(): number {
    return this.#places.taken
  }

  get hasFreePlaces(): boolean {
    return this.#places.hasFree
  }

  enqueue(queueId: string, webhookId: string, contactId: string, item: Item): void {
    const lane = this.queues.lane(queueId, webhookId, contactId)
    lane.items.push(item)
    this.queues.count(lane.queue, 1, item.bytes)
    if (lane.state === 'idle') this.#makeReady(lane)
  }

  /** A request of the webhook has ended. */
  answered({ queue: { webhook } }: Lane<Item>, tookMs: number, ending: Ending): void {
    webhook.answers.ended(tookMs, ending)
    this.#classify(webhook)
  }

  /** Something is known of a webhook's receiver that no request of ours has told. */
  learn(webhookId: string, change: (answers: AnswerTimes) => void): void {
    const webhook = this.queues.change(webhookId, change)
    if (webhook) this.#classify(webhook)
  }

  /** The head is done with: the next item may start. */
  advance(lane: Lane<Item>): void {
    this.#shift(lane)
    this.#leave(lane)
    if (lane.items.isEmpty()) this.#retire(lane)
    else this.#makeReady(lane)
    this.#pump()
  }

  /** The head was not sent: it starts again when its queue may. */
  putBack(lane: Lane<Item>): void {
    this.#leave(lane)
    this.#makeReady(lane)
  }

  /** The head waits for a retry: it keeps the lane, but takes no place in flight meanwhile. */
  hold(lane: Lane<Item>): void {
    this.#leave(lane)
    lane.state = 'held'
    lane.queue.held++
    this.#pump()
  }

  /** The head of a held lane is due again. */
  resume(lane: Lane<Item>): void {
    if (lane.state !== 'held') return
    lane.queue.held--
    this.#makeReady(lane)
  }

  /** What kept a webhook from starting may be over. */
  wake(webhookId: string): void {
    for (const queue of this.queues.queuesOf(webhookId)) this.#reopen(queue)
    this.#pump()
  }

  /** Starts nothing any more; what is in flight goes on. */
  stop(): void {
    this.#stopped = true
  }

  /**
   * Takes out what has not been sent yet: everything but the heads of running and held lanes, in the order of each lane. The
   * lanes take turns: what is sent in that order later is not one contact's after another's.
   * @param queueId of one queue; of all of them when left out. @param takesHeld which heads of held lanes are taken too.
   */
  takeQueued(queueId?: string, takesHeld: (head: Item) => boolean = () => false): Item[] {
    const one = queueId === undefined ? undefined : this.queues.get(queueId)
    const queues = queueId === undefined ? this.queues.all() : one ? [one] : []
    return queues.flatMap((queue) => {
      const items = takeUnsent(queue, takesHeld)
      for (const { bytes } of items) this.queues.count(queue, -1, -bytes)
      if (queue.lanes.size === 0) this.#reopen(queue)
      return items
    })
  }

  /** Drops the head of a held lane too. */
  dropHeld(lane: Lane<Item>): void {
    if (lane.state !== 'held') return
    lane.queue.held--
    this.#shift(lane)
    if (lane.items.isEmpty()) this.#retire(lane)
    else this.#makeReady(lane)
  }

  #classify(webhook: Webhook<Item>): void {
    const { placeClass } = webhook.answers
    const before = webhook.placeClass
    this.queues.classify(webhook)
    if (placeClass === before) return
    for (const queue of webhook.queues) this.#round.leaveAside(queue)
    this.#places.move(webhook, placeClass)
    this.#rejoinFor(before)
    for (const queue of webhook.queues) this.#round.join(queue)
  }

  #makeReady(lane: Lane<Item>): void {
    lane.state = 'ready'
    lane.queue.ready.push(lane)
    this.#round.join(lane.queue)
    this.#pump()
  }

  #leave(lane: Lane<Item>): void {
    const { queue } = lane
    const { webhook } = queue
    this.#places.leave(webhook)
    this.#rejoinFor(webhook.placeClass)
    this.#young.ended(lane.generation)
    queue.speed.count()
    for (const other of webhook.queues) this.#round.join(other)
  }

  /** A place of the class is free: others of it may go on, and whoever else it was lacking for. */
  #rejoinFor(placeClass: PlaceClass): void {
    const most = this.#places.taken === 0 ? Number.POSITIVE_INFINITY : undefined
    this.#round.rejoin('quick', most)
    if (placeClass !== 'quick' || most !== undefined) this.#round.rejoin('unknown', most)
    if (placeClass === 'slow' || most !== undefined) this.#round.rejoin('slow', most)
  }

  #shift(lane: Lane<Item>): void {
    const head = lane.items.shift()
    if (head) this.queues.count(lane.queue, -1, -head.bytes)
  }

  /** Starting a lane may end it at once and ask for the next: the loop below goes on with it, not a deeper call. */
  #pump(): void {
    if (this.#pumping) return
    this.#pumping = true
    this.#startReady()
    this.#pumping = false
  }

  #startReady(): void {
    while (!this.#stopped && this.#places.hasFree && this.#young.count < this.#rules.maxYoung) {
      const queue = this.#round.next()
      if (!queue) return
      const { webhook } = queue
      if (queue.ready.isEmpty() || webhook.inFlight >= this.#maxInFlightOf(webhook)) continue
      const groups = this.#rules.groupsOf(webhook.id)
      if (!this.#places.mayTake(webhook, groups)) {
        this.#round.putAside(queue)
        continue
      }
      const waitMs = this.#rules.requestStart(queue.id, webhook.id)
      if (waitMs > 0) {
        this.#close(queue, waitMs)
        continue
      }
      const lane = queue.ready.shift()
      const head = lane?.items.peekFront()
      if (!lane || head === undefined) continue
      lane.state = 'running'
      if (webhook.inFlight === 0) webhook.answers.began()
      this.#places.take(webhook, groups)
      this.#silence.begin()
      lane.generation = this.#young.started()
      this.#round.join(queue)
      this.#start(lane, head)
    }
  }

  #maxInFlightOf({ id, answers, placeClass }: Webhook<Item>): number {
    if (answers.isProbed) return 1
    const most = this.#rules.maxInFlightOf(id)
    return placeClass === 'unknown' ? Math.min(most, maxInFlightOfUnknown) : most
  }

  #lookForSilence(elapsedMs: number): boolean {
    for (const webhook of this.queues.webhooks) {
      if (webhook.inFlight === 0) continue
      webhook.answers.waited(elapsedMs)
      this.#classify(webhook)
    }
    this.#pump()
    return this.#places.taken > 0
  }

  #close(queue: Queue<Item>, waitMs: number): void {
    assert(Number.isFinite(waitMs), `queue ${queue.id} would wait ${waitMs} ms: for ever`)
    queue.closed = this.#rules.after(Math.ceil(Math.min(waitMs, longestCloseMs)), () => {
      // Then those that wait for the same rate: or whoever is first now would be first every time.
      for (const other of [queue, ...queue.webhook.queues]) this.#reopen(other)
      this.#pump()
    })
  }

  #reopen(queue: Queue<Item>): void {
    if (!queue.closed) return
    queue.closed.cancel()
    queue.closed = undefined
    this.#round.join(queue)
  }

  #retire(lane: Lane<Item>): void {
    lane.state = 'idle'
    const { queue } = lane
    queue.lanes.delete(lane.contactId)
    if (queue.lanes.size === 0) this.#reopen(queue)
  }
}
