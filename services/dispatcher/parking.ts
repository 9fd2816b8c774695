import type { PendingDelivery } from '../domain/delivery.ts'
import type { WebhookGates } from './gates.ts'
import type { HeldItems } from './held-items.ts'
import type { LaneScheduler } from './lanes.ts'
import type { Slot } from './offsets.ts'
import type { PartitionState, Partitions } from './partition.ts'
import { type EngineLimits, type EnginePorts, type Item, pendingOf } from './ports.ts'
import { answerId, laneOf } from './replay.ts'

export type ParkingContext = {
  ports: EnginePorts
  limits: EngineLimits
  lanes: LaneScheduler<Item>
  gates: WebhookGates
  held: HeldItems
  partitions: Partitions
}

/** Of memory: so much may be held for what is taken back from webhook-parked to be more than a request at a time. */
const shareOfParked = 1 / 4
/** So many offsets of webhook-parked are read at a time. */
const drainSlice = 2_000

/**
 * The way of a webhook that cannot keep up, or is blocked: to webhook-parked and back, in order, so that it takes no more
 * than its share of memory and nobody waits for it (design.md, isolation).
 */
export class Parking {
  readonly #ports: EnginePorts
  readonly #limits: EngineLimits
  readonly #lanes: LaneScheduler<Item>
  readonly #gates: WebhookGates
  readonly #held: HeldItems
  readonly #partitions: Partitions
  #measuredAtMs: number

  constructor({ ports, limits, lanes, gates, held, partitions }: ParkingContext) {
    this.#ports = ports
    this.#limits = limits
    this.#lanes = lanes
    this.#gates = gates
    this.#held = held
    this.#partitions = partitions
    this.#measuredAtMs = ports.nowMs()
  }

  /** Takes parked records back where their webhooks can go on, and makes room where it gets scarce. */
  tick(): void {
    this.#measure()
    if (this.#held.isCrowded) this.#relieve()
    for (const state of this.#partitions) if (state.draining === null && state.parked.size > 0) this.#drainParked(state)
  }

  /**
   * Moves what the webhook has waiting in memory to webhook-parked, in the order of its lanes, so that its offsets need not
   * wait for ten minutes. What others there would have to wait for stays in memory: there is little of it.
   */
  spill(webhookId: string, why: PendingDelivery['why']): void {
    if (this.#isParking(webhookId)) return
    const items = this.#lanes.takeQueued(webhookId)
    const [first] = items
    if (!first) return
    const state = this.#partitions.state(first.place.partition)
    const offsets = items
      .filter(({ place }) => place.topic === this.#limits.deliveriesTopic)
      .map(({ place }) => place.offset)
    const since = Math.min(state.position(this.#limits.deliveriesTopic), ...offsets)
    for (const item of items) this.park(item, why, since)
  }

  /** Moves an item to webhook-parked. @param since where that begins for its webhook, if it does. */
  park(item: Item, why: PendingDelivery['why'], since: number): void {
    const { delivery, place } = item
    const { parked } = this.#partitions.state(place.partition)
    const parkedSince = parked.writing(delivery.webhookId, since)
    const pending = { ...pendingOf(item, why, this.#ports.nowMs()), parkedSince }
    // Its earlier record in webhook-parked, if there is one, is not answered for by this one: its place is before it.
    this.#held.unname(item)
    this.#held.record(place.partition, { parked: pending }, ({ parkedOffset }) => {
      if (parkedOffset !== null) parked.written(delivery.webhookId, parkedOffset)
      this.#held.finish(item)
    })
  }

  /** Why the webhook's next notification is not to wait in memory, even if it is the first in webhook-parked; else null. */
  whyNotInMemory(webhookId: string): PendingDelivery['why'] | null {
    // Ten minutes in memory would leave it without a record for as long (guarantees.md, 19).
    if (this.#gates.isBlocked(webhookId, this.#ports.nowMs()) && this.#parks(webhookId)) return 'breaker'
    return this.isFull(webhookId) ? 'overflow' : null
  }

  /** It has its share of memory and does not keep up; one that does may have more, and whoever comes next waits a moment. */
  isFull(webhookId: string): boolean {
    return this.#lanes.itemsOf(webhookId) >= this.#limits.maxQueuedOfWebhook && this.#lanes.isSlow(webhookId)
  }

  /** An unsent item is taken again later: from webhook-parked, or from its topic after the next assignment. */
  putBack(item: Item): void {
    this.#held.forget(item)
    this.rewindTo(item)
  }

  /** What was taken from webhook-parked is read again from this item on. */
  rewindTo({ parkedOffset, place, delivery }: Item): void {
    if (parkedOffset !== null) this.#partitions.get(place.partition)?.putBackParked(delivery.webhookId, parkedOffset)
  }

  /** Webhooks whose notifications are in webhook-parked. */
  get webhooks(): number {
    let count = 0
    for (const { parked } of this.#partitions) count += parked.size
    return count
  }

  #measure(): void {
    const elapsedMs = this.#ports.nowMs() - this.#measuredAtMs
    if (elapsedMs === 0) return
    // A clock set back by hours leaves the speeds as they are until the next tick.
    if (elapsedMs > 0) this.#lanes.measure(elapsedMs)
    this.#measuredAtMs += elapsedMs
  }

  /**
   * Slow webhooks must not fill the memory of all, however many they are: those that have at least half of an equal part of
   * it go on by webhook-parked. Where all keep up, waiting is right.
   */
  #relieve(): void {
    const halfOfEqualPart = this.#held.count / this.#lanes.webhooks / 2
    for (const webhookId of this.#lanes.slowOnes(halfOfEqualPart)) this.spill(webhookId, 'overflow')
  }

  #isParking(webhookId: string): boolean {
    for (const { parked } of this.#partitions) if (parked.isParking(webhookId)) return true
    return false
  }

  /**
   * So much of a parked webhook is kept in memory: enough for its requests in flight, and all of them together no more than
   * leaves most of it to those that keep up.
   */
  #refill(webhookId: string): number {
    const most = Math.min(this.#limits.maxQueuedOfWebhook, 4 * (this.#ports.definition(webhookId)?.maxInFlight ?? 1))
    const free = Math.max(0, this.#limits.maxHeld * shareOfParked - this.#held.count)
    return Math.min(most, this.#lanes.inFlightOf(webhookId) + 1 + free / this.webhooks)
  }

  #parks(webhookId: string): boolean {
    return this.#ports.definition(webhookId)?.whenBlocked === 'park'
  }

  #drainParked(state: PartitionState): void {
    const { parked } = state
    const nowMs = this.#ports.nowMs()
    const able = new Set(parked.waiting().filter((webhookId) => this.#canDrain(state, webhookId, nowMs)))
    if (able.size === 0 || !this.#held.hasRoom) return
    const from = Math.min(...[...able].map((webhookId) => parked.fromOf(webhookId)))
    const to = Math.min(from + drainSlice, 1 + Math.max(...[...able].map((webhookId) => parked.lastOf(webhookId))))
    state.draining = able
    const isCurrent = () => state.draining === able && this.#partitions.get(state.number) === state
    const onRecord = (offset: number, pending: PendingDelivery) => {
      const { webhookId } = pending.delivery
      if (!isCurrent() || !able.has(webhookId) || offset < parked.fromOf(webhookId)) return
      if (this.#lanes.itemsOf(webhookId) < this.#refill(webhookId)) this.#takeParked(state, offset, pending)
      else able.delete(webhookId)
    }
    this.#ports.readParked(state.number, from, to, onRecord, () => {
      if (!isCurrent()) return
      state.draining = null
      for (const webhookId of able) parked.passed(webhookId, to)
    })
  }

  /** Once what is older has been read, there is room, and the gate is open or about to be. */
  #canDrain(state: PartitionState, webhookId: string, nowMs: number): boolean {
    return (
      state.position(this.#limits.deliveriesTopic) >= state.parked.sinceOf(webhookId) &&
      this.#gates.waitMs(webhookId, nowMs) < 1_000 &&
      this.#lanes.itemsOf(webhookId) <= this.#refill(webhookId) / 2
    )
  }

  #takeParked({ number, parked }: PartitionState, offset: number, pending: PendingDelivery): void {
    const { delivery, attempts, replayId } = pending
    const { webhookId, contactId, deliveryId } = delivery
    const id = answerId(deliveryId, replayId)
    const slot = parked.take(webhookId, offset)
    const taken = { owner: { finish: (finished: Slot) => parked.finish(webhookId, finished) }, slot }
    if (this.#held.answered.has(id, attempts.length)) return taken.owner.finish(slot)
    const twin = this.#held.get(id)
    if (twin) return void twin.slots.push(taken)
    const place = { topic: 'webhook-parked', partition: number, offset }
    const slots = [taken]
    const item: Item = { id, delivery, replayId, place, slots, parkedOffset: offset, attempts, forgotten: false }
    this.#held.hold(item)
    this.#lanes.enqueue(webhookId, laneOf(contactId, replayId), item)
  }
}
