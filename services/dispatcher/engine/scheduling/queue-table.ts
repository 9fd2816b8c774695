import { strict as assert } from 'node:assert'
import Denque from 'denque'
import type { Lane, Queue, ScheduledWebhook } from './lane.ts'
import { RememberedAnswers } from './receiver-speed/remembered-answers.ts'
import { Throughput } from './receiver-speed/throughput.ts'
import type { SlotClass } from './request-slots.ts'

/** Total of the items in the lanes of some queues. */
export type HeldAmount = { items: number; bytes: number }

const nothing = (): HeldAmount => ({ items: 0, bytes: 0 })

/** Queues that have something to send, or had a moment ago, with their webhooks. */
export class QueueTable<Item extends { readonly bytes: number }> {
  readonly #webhooks = new Map<string, ScheduledWebhook<Item>>()
  readonly #queues = new Map<string, Queue<Item>>()
  readonly #answers = new RememberedAnswers()
  #measuredAtMs: number | null = null
  readonly #heldBy: Record<SlotClass, HeldAmount> = { quick: nothing(), unknown: nothing(), slow: nothing() }

  get(queueId: string): Queue<Item> | undefined {
    return this.#queues.get(queueId)
  }

  all(): Queue<Item>[] {
    return [...this.#queues.values()]
  }

  get webhooks(): Iterable<ScheduledWebhook<Item>> {
    return this.#webhooks.values()
  }

  /** Queues of one webhook. */
  queuesOf(webhookId: string): Queue<Item>[] {
    return [...(this.#webhooks.get(webhookId)?.queues ?? [])]
  }

  itemsOf(queueId: string): number {
    return this.#queues.get(queueId)?.items ?? 0
  }

  /** Items of a queue that are being sent. */
  running(queueId: string): Item[] {
    const lanes = [...(this.#queues.get(queueId)?.lanes.values() ?? [])]
    return lanes.flatMap(({ state, items }) => (state === 'running' ? (items.peekFront() ?? []) : []))
  }

  /** The oldest item of a contact in a queue. */
  headOf(queueId: string, contactId: string): Item | undefined {
    return this.#queues.get(queueId)?.lanes.get(contactId)?.items.peekFront()
  }

  /** Number of starts of its webhook until all items of a queue are started: the webhook's queues take turns. */
  startsUntilEmpty(queueId: string): number {
    const queue = this.#queues.get(queueId)
    return queue ? queue.items * queue.webhook.queues.size : 0
  }

  /** Requests in flight of the queue's webhook. */
  inFlightOf(queueId: string): number {
    return this.#queues.get(queueId)?.webhook.inFlight ?? 0
  }

  perSecondOf(queueId: string): number {
    return this.#queues.get(queueId)?.throughput.perSecond ?? 0
  }

  /** Whether the queue waits because its webhook has its share of the request slots. */
  isDeferred(queueId: string): boolean {
    return this.#queues.get(queueId)?.turn === 'deferred'
  }

  memoryClassOf(webhookId: string): SlotClass {
    return (this.#webhooks.get(webhookId)?.answers ?? this.#answers.of(webhookId)).memoryClass
  }

  /** Total in the lanes of all webhooks of a memory class. */
  heldBy(slotClass: SlotClass): Readonly<HeldAmount> {
    return this.#heldBy[slotClass]
  }

  /**
   * Queues of slow webhooks with items beyond those in flight.
   * @param more items that such a queue may have in addition.
   */
  slowQueues(more = 0): string[] {
    const waits = ({ webhook, items }: Queue<Item>) => webhook.memoryClass === 'slow' && items > webhook.inFlight + more
    return this.all().flatMap((queue) => (waits(queue) ? [queue.id] : []))
  }

  /** Lane of a contact; created, with its queue, where there is none yet. */
  lane(queueId: string, webhookId: string, contactId: string): Lane<Item> {
    const queue = this.#queues.get(queueId) ?? this.#open(queueId, webhookId)
    let lane = queue.lanes.get(contactId)
    if (!lane) {
      lane = { queue, contactId, items: new Denque(), state: 'idle', startEpoch: 0 }
      queue.lanes.set(contactId, lane)
    }
    return lane
  }

  count(queue: Queue<Item>, items: number, bytes: number): void {
    queue.items += items
    queue.bytes += bytes
    const held = this.#heldBy[queue.webhook.memoryClass]
    held.items += items
    held.bytes += bytes
    assert(queue.items >= 0 && held.items >= 0, 'a queue has lost more items than it had')
    assert(queue.bytes >= 0 && held.bytes >= 0, 'a queue has lost more bytes than it had')
  }

  /** Takes items out from behind the head of a lane. */
  detachBehindHead(lane: Lane<Item>, items: number): void {
    const head = lane.items.shift()
    for (let left = items; left > 0; left--) {
      const item = lane.items.shift()
      if (item) this.count(lane.queue, -1, -item.bytes)
    }
    if (head) lane.items.unshift(head)
  }

  /** Puts another item in the place of a lane's head. */
  replaceHead(lane: Lane<Item>, item: Item): void {
    const head = lane.items.shift()
    if (head) this.count(lane.queue, -1, -head.bytes)
    lane.items.unshift(item)
    this.count(lane.queue, 1, item.bytes)
  }

  /** Moves what the webhook has in its lanes to the memory class that its answers say now. */
  classify(webhook: ScheduledWebhook<Item>): void {
    const { memoryClass } = webhook.answers
    if (memoryClass === webhook.memoryClass) return
    const [from, to] = [this.#heldBy[webhook.memoryClass], this.#heldBy[memoryClass]]
    for (const { items, bytes } of webhook.queues) {
      from.items -= items
      from.bytes -= bytes
      to.items += items
      to.bytes += bytes
    }
    webhook.memoryClass = memoryClass
  }

  /** Changes what is known of a webhook's answers. @returns the webhook, if it has queues. */
  change(
    webhookId: string,
    change: (answers: ScheduledWebhook<Item>['answers']) => void,
  ): ScheduledWebhook<Item> | undefined {
    const webhook = this.#webhooks.get(webhookId)
    const answers = webhook?.answers ?? this.#answers.of(webhookId)
    change(answers)
    if (!webhook) this.#answers.keep(webhookId, answers)
    return webhook
  }

  /**
   * Measures how fast each queue has emptied since the last call, and forgets queues that have nothing.
   * @param nowMs milliseconds since the epoch. A clock set back by hours leaves the measured rates as they are until the
   * next call.
   */
  measure(nowMs: number): void {
    const elapsedMs = nowMs - (this.#measuredAtMs ?? nowMs)
    this.#measuredAtMs = nowMs
    if (elapsedMs <= 0) return
    for (const queue of this.#queues.values()) {
      queue.throughput.measure(elapsedMs)
      if (queue.lanes.size === 0 && queue.throughput.perSecond === 0) this.#forget(queue)
    }
  }

  #open(queueId: string, webhookId: string): Queue<Item> {
    let webhook = this.#webhooks.get(webhookId)
    if (!webhook) {
      const answers = this.#answers.of(webhookId)
      const { slotClass, memoryClass } = answers
      const groups = { business: null, origin: null }
      webhook = { id: webhookId, queues: new Set(), inFlight: 0, answers, slotClass, memoryClass, ...groups }
      this.#webhooks.set(webhookId, webhook)
    }
    const queue: Queue<Item> = {
      id: queueId,
      webhook,
      lanes: new Map(),
      ready: new Denque(),
      items: 0,
      bytes: 0,
      waitingForRetry: 0,
      throughput: new Throughput(),
      turn: 'none',
      closed: undefined,
    }
    webhook.queues.add(queue)
    this.#queues.set(queueId, queue)
    return queue
  }

  #forget(queue: Queue<Item>): void {
    const { webhook } = queue
    this.#queues.delete(queue.id)
    webhook.queues.delete(queue)
    if (webhook.queues.size > 0) return
    this.#webhooks.delete(webhook.id)
    this.#answers.keep(webhook.id, webhook.answers)
  }
}
