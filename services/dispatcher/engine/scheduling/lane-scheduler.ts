import { strict as assert } from 'node:assert'
import { BurstLimit } from './burst-limit.ts'
import { changeState, type Lane, type LaneRules, type Queue, type ScheduledWebhook } from './lane.ts'
import { QueueTable } from './queue-table.ts'
import type { AnswerTimes, RequestResult } from './receiver-speed/answer-times.ts'
import { SilenceWatch } from './receiver-speed/silence-watch.ts'
import { RequestSlots, type SlotClass } from './request-slots.ts'
import { takeUnsent } from './take-unsent.ts'
import { TurnQueue } from './turn-queue.ts'

/** Longest wait before a closed queue is checked again, however long it has to wait: clocks and definitions change. */
const longestCloseMs = 600_000
/** Maximum requests in flight of a webhook until its first answer; more of them would show nothing new. */
const maxInFlightOfUnknown = 1

/**
 * Decides which lane starts next: in order within a lane, any number of lanes at a time up to the webhook's cap and
 * its share of the request slots (RequestSlots). Queues that have something ready take turns.
 */
export class LaneScheduler<Item extends { readonly bytes: number }> {
  readonly #rules: LaneRules
  readonly #start: (lane: Lane<Item>, head: Item) => void
  /** Queues with something to send. Other classes may read it, but not change it. */
  readonly queues = new QueueTable<Item>()
  readonly #turns = new TurnQueue<Item>()
  readonly #slots: RequestSlots
  readonly #burst: BurstLimit
  readonly #silence: SilenceWatch
  #stopped = false
  #pumping = false

  constructor(rules: LaneRules, start: (lane: Lane<Item>, head: Item) => void) {
    this.#rules = rules
    this.#start = start
    this.#slots = new RequestSlots(rules.maxInFlight)
    this.#burst = new BurstLimit(rules.after, () => this.#pump())
    this.#silence = new SilenceWatch(rules.after, (elapsedMs) => this.#lookForSilence(elapsedMs))
  }

  get inFlight(): number {
    return this.#slots.taken
  }

  get hasFreeSlots(): boolean {
    return this.#slots.hasFree
  }

  enqueue(queueId: string, webhookId: string, contactId: string, item: Item): void {
    const lane = this.queues.lane(queueId, webhookId, contactId)
    lane.items.push(item)
    this.queues.count(lane.queue, 1, item.bytes)
    if (lane.state === 'idle') this.#makeReady(lane)
  }

  /** Notes the end of a request of the lane's webhook. */
  answered({ queue: { webhook } }: Lane<Item>, tookMs: number, ending: RequestResult): void {
    webhook.answers.ended(tookMs, ending)
    this.#classify(webhook)
  }

  /** Changes the answer times of a webhook for a reason other than a request of this process. */
  learn(webhookId: string, change: (answers: AnswerTimes) => void): void {
    const webhook = this.queues.change(webhookId, change)
    if (webhook) this.#classify(webhook)
  }

  /** Ends the head: the next item may start. */
  advance(lane: Lane<Item>): void {
    this.#shift(lane)
    this.#leave(lane)
    if (lane.items.isEmpty()) this.#retire(lane)
    else this.#makeReady(lane)
    this.#pump()
  }

  /** Puts back a head that was not sent: it starts again when its queue may. */
  putBack(lane: Lane<Item>): void {
    this.#leave(lane)
    this.#makeReady(lane)
  }

  /** Makes the head wait for a retry: it keeps the lane, but takes no request slot meanwhile. */
  waitForRetry(lane: Lane<Item>): void {
    this.#leave(lane)
    changeState(lane, 'waitingForRetry')
    lane.queue.waitingForRetry++
    this.#pump()
  }

  /** Makes a lane ready whose head's retry is due. */
  resume(lane: Lane<Item>): void {
    if (lane.state !== 'waitingForRetry') return
    lane.queue.waitingForRetry--
    this.#makeReady(lane)
  }

  /** Checks a webhook's queues again: the reason that kept them from starting may be over. */
  wake(webhookId: string): void {
    for (const queue of this.queues.queuesOf(webhookId)) this.#reopen(queue)
    this.#pump()
  }

  /** Starts nothing more; requests in flight continue. */
  stop(): void {
    this.#stopped = true
  }

  /**
   * Takes out unsent items: everything but the heads of lanes that are running or wait for a retry, in the order of
   * each lane. Lanes are interleaved (the first item of each, then the second), so that sending the items in this order
   * does not finish one contact before it begins the next.
   * @param queueId of one queue; all when left out. @param takesWaiting which heads that wait for a retry are taken.
   */
  takeQueued(queueId?: string, takesWaiting: (head: Item) => boolean = () => false): Item[] {
    const one = queueId === undefined ? undefined : this.queues.get(queueId)
    const queues = queueId === undefined ? this.queues.all() : one ? [one] : []
    return queues.flatMap((queue) => {
      const items = takeUnsent(queue, takesWaiting)
      for (const { bytes } of items) this.queues.count(queue, -1, -bytes)
      if (queue.lanes.size === 0) this.#reopen(queue)
      return items
    })
  }

  /** Drops the head of a lane that waits for a retry. */
  dropWaiting(lane: Lane<Item>): void {
    if (lane.state !== 'waitingForRetry') return
    lane.queue.waitingForRetry--
    this.#shift(lane)
    if (lane.items.isEmpty()) this.#retire(lane)
    else this.#makeReady(lane)
  }

  #classify(webhook: ScheduledWebhook<Item>): void {
    const { slotClass } = webhook.answers
    const before = webhook.slotClass
    this.queues.classify(webhook)
    if (slotClass === before) return
    for (const queue of webhook.queues) this.#turns.rejoinDeferred(queue)
    this.#slots.move(webhook, slotClass)
    this.#rejoinFor(before)
    for (const queue of webhook.queues) this.#turns.join(queue)
  }

  #makeReady(lane: Lane<Item>): void {
    changeState(lane, 'ready')
    lane.queue.ready.push(lane)
    this.#turns.join(lane.queue)
    this.#pump()
  }

  #leave(lane: Lane<Item>): void {
    const { queue } = lane
    const { webhook } = queue
    this.#slots.leave(webhook)
    this.#rejoinFor(webhook.slotClass)
    this.#burst.ended(lane.startEpoch)
    queue.throughput.count()
    for (const other of webhook.queues) this.#turns.join(other)
  }

  /** Lets deferred queues rejoin after a slot of the class was freed: its own, and those of classes that may use it. */
  #rejoinFor(slotClass: SlotClass): void {
    const most = this.#slots.taken === 0 ? Number.POSITIVE_INFINITY : undefined
    this.#turns.rejoin('quick', most)
    if (slotClass !== 'quick' || most !== undefined) this.#turns.rejoin('unknown', most)
    if (slotClass === 'slow' || most !== undefined) this.#turns.rejoin('slow', most)
  }

  #shift(lane: Lane<Item>): void {
    const head = lane.items.shift()
    if (head) this.queues.count(lane.queue, -1, -head.bytes)
  }

  /** Starts ready lanes. A start may end at once and call this again; the loop then continues instead of recursing. */
  #pump(): void {
    if (this.#pumping) return
    this.#pumping = true
    this.#startReady()
    this.#pumping = false
  }

  #startReady(): void {
    while (!this.#stopped && this.#slots.hasFree && this.#burst.count < this.#rules.maxRecentStarts) {
      const queue = this.#turns.next()
      if (!queue) return
      const { webhook } = queue
      if (queue.ready.isEmpty() || webhook.inFlight >= this.#maxInFlightOf(webhook)) continue
      const groupKeys = this.#rules.groupKeysOf(webhook.id)
      if (!this.#slots.mayTake(webhook, groupKeys)) {
        this.#turns.defer(queue)
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
      changeState(lane, 'running')
      if (webhook.inFlight === 0) webhook.answers.began()
      this.#slots.take(webhook, groupKeys)
      this.#silence.begin()
      lane.startEpoch = this.#burst.started()
      this.#turns.join(queue)
      this.#start(lane, head)
    }
  }

  #maxInFlightOf({ id, answers, slotClass }: ScheduledWebhook<Item>): number {
    if (answers.isProbed) return 1
    const most = this.#rules.maxInFlightOf(id)
    return slotClass === 'unknown' ? Math.min(most, maxInFlightOfUnknown) : most
  }

  #lookForSilence(elapsedMs: number): boolean {
    for (const webhook of this.queues.webhooks) {
      if (webhook.inFlight === 0) continue
      webhook.answers.waited(elapsedMs)
      this.#classify(webhook)
    }
    this.#pump()
    return this.#slots.taken > 0
  }

  #close(queue: Queue<Item>, waitMs: number): void {
    assert(Number.isFinite(waitMs), `queue ${queue.id} would wait ${waitMs} ms without end`)
    queue.closed = this.#rules.after(Math.ceil(Math.min(waitMs, longestCloseMs)), () => {
      // The webhook's other queues wait for the same rate limit; otherwise this queue would win every time.
      for (const other of [queue, ...queue.webhook.queues]) this.#reopen(other)
      this.#pump()
    })
  }

  #reopen(queue: Queue<Item>): void {
    if (!queue.closed) return
    queue.closed.cancel()
    queue.closed = undefined
    this.#turns.join(queue)
  }

  #retire(lane: Lane<Item>): void {
    changeState(lane, 'idle')
    const { queue } = lane
    queue.lanes.delete(lane.contactId)
    if (queue.lanes.size === 0) this.#reopen(queue)
  }
}
