import { strict as assert } from 'node:assert'
import type { PendingDelivery } from '../domain/delivery.ts'
import { SetAside } from '../platform/record-faults.ts'
import type { FaultGates } from './fault-gates.ts'
import type { WebhookGates } from './gates.ts'
import type { HeldItems } from './held-items.ts'
import type { ItemFaults } from './item-faults.ts'
import type { LaneScheduler } from './lanes.ts'
import { ParkedDrain } from './parked-drain.ts'
import type { PartitionState, Partitions } from './partition.ts'
import { type EngineLimits, type EnginePorts, type Item, pendingOf } from './ports.ts'
import type { Place } from './records.ts'
import { homeOf, isOfReplay, mostAhead } from './replay.ts'
import { isBeyondShare } from './shares.ts'
import { isSlow, slowWithMuch } from './slow-queues.ts'

export type ParkingContext = {
  ports: EnginePorts
  limits: EngineLimits
  lanes: LaneScheduler<Item>
  gates: WebhookGates
  faults: FaultGates
  held: HeldItems
  steps: ItemFaults
  /** As ports.definition, undefined also where that throws. */
  definitionOf: EnginePorts['definition']
  waitMs: (webhookId: string) => number
  partitions: Partitions
}

/**
 * The way of a webhook that cannot keep up, or is blocked: to webhook-parked and back, in order, so that it takes no more
 * than its share of memory and nobody waits for it (docs/decisions/0010-who-goes-by-webhook-parked.md).
 */
export class Parking {
  readonly #ports: EnginePorts
  readonly #limits: EngineLimits
  readonly #lanes: LaneScheduler<Item>
  readonly #gates: WebhookGates
  readonly #faults: FaultGates
  readonly #held: HeldItems
  readonly #partitions: Partitions
  readonly #steps: ItemFaults
  readonly #definitionOf: EnginePorts['definition']
  readonly #drain: ParkedDrain
  #measuredAtMs: number

  constructor(context: ParkingContext) {
    const { ports, limits, lanes, gates, faults, held, steps, definitionOf, partitions } = context
    this.#steps = steps
    this.#definitionOf = definitionOf
    this.#ports = ports
    this.#limits = limits
    this.#lanes = lanes
    this.#gates = gates
    this.#faults = faults
    this.#held = held
    this.#partitions = partitions
    this.#drain = new ParkedDrain(context)
    this.#measuredAtMs = ports.nowMs()
  }

  /** Takes nothing back any more. */
  stop(): void {
    this.#drain.stop()
  }

  /** What the replay has waiting in memory is finished; what is elsewhere is met when it comes. @param finish of the stop's record. */
  stopReplay(replayId: string, atMs: number, finish: () => void): void {
    this.#held.stopped.add(replayId, atMs, finish)
    for (const { id } of this.#lanes.queues.all())
      if (isOfReplay(id, replayId)) for (const item of this.#lanes.takeQueued(id)) this.#held.finish(item)
    this.#held.checkRoom()
  }

  /** Takes parked records back where their webhooks can go on, and makes room where it gets scarce. */
  tick(): void {
    this.#held.stopped.forgetOld(this.#ports.nowMs(), (replayId) => this.#partitions.holdReplay(replayId))
    this.#measure()
    if (this.#held.isCrowded) this.#relieve()
    this.#drain.look()
  }

  /**
   * Moves what the webhook has waiting in memory to webhook-parked, in the order of its lanes, so that its offsets need not
   * wait for ten minutes. What others there would have to wait for stays in memory: there is little of it.
   */
  spill(queueId: string, why: PendingDelivery['why']): void {
    for (const { parked } of this.#partitions)
      if (parked.isParking(queueId)) return this.#parkAll(parked.endHandover(queueId), why)
    // What was taken from webhook-parked and tried since then stays: its record there knows nothing of that attempt.
    const items = this.#lanes.takeQueued(queueId, ({ parkedOffset }) => parkedOffset === null)
    const [first] = items
    if (!first) return
    const state = this.#stateOf(first)
    this.#parkAll(state.parked.isCaughtUp(queueId) ? this.#putBackTaken(state, queueId, items) : items, why)
  }

  /** All that the webhook has waiting, live and of replays. */
  spillAll(webhookId: string, why: PendingDelivery['why']): void {
    for (const { id } of this.#lanes.queues.queuesOf(webhookId)) this.spill(id, why)
  }

  /** What was taken is in webhook-parked still, and what is older stays before it. @returns what has come behind it. */
  #putBackTaken({ parked }: PartitionState, queueId: string, items: Item[]): Item[] {
    const since = parked.sinceOf(queueId)
    const home = homeOf(queueId, this.#limits)
    const isOlder = ({ topic, offset }: Place) => topic === home && offset < since
    return items.filter((item) => {
      const { parkedOffset, place, delivery, slots } = item
      if (parkedOffset !== null) {
        this.putBack(item)
        // Other records of the same delivery, which came meanwhile, are answered for by the one there.
        for (const { owner, slot } of slots.slice(1)) owner.finish(slot)
      } else if (isOlder(place)) this.#lanes.enqueue(queueId, delivery.webhookId, delivery.contactId, item)
      else return true
      return false
    })
  }

  /** Brings what has just come to its lane, or to webhook-parked. @param why it may not wait in memory, if so. */
  bring(item: Item, why: PendingDelivery['why'] | null): void {
    const { queueId, place, delivery } = item
    const state = this.#stateOf(item)
    const { parked } = state
    const home = homeOf(queueId, this.#limits)
    const offset = place.topic === home ? place.offset : null
    const follows = parked.isParking(queueId) ? parked.mustFollow(queueId, offset) : why !== null
    if (follows) this.#follow(item, why, offset ?? state.position(home))
    else this.#lanes.enqueue(queueId, delivery.webhookId, delivery.contactId, item)
  }

  /**
   * Moves what has just come to webhook-parked, or lets it wait in memory for the end of a handover.
   * @param since where that begins for its webhook, if it does.
   */
  #follow(item: Item, why: PendingDelivery['why'] | null, since: number): void {
    const { queueId } = item
    const { parked } = this.#stateOf(item)
    const behind = parked.behind(queueId)
    if (behind && why === null && behind.length < this.#limits.maxQueuedOfWebhook && !this.#held.isCrowded) {
      // Another record of the same delivery may come before it, and is sent then.
      this.#held.unname(item)
      behind.push(item)
      return
    }
    // What waits in memory behind others of webhook-parked goes there before this one.
    if (behind || parked.isCaughtUp(queueId)) this.spill(queueId, why ?? 'overflow')
    this.#park(item, why ?? 'overflow', since)
  }

  /** Why the webhook's next notification is not to wait in memory, even if it is the first in webhook-parked; else null. */
  whyNotInMemory({ queueId, ratePerSecond, delivery: { webhookId } }: Item): PendingDelivery['why'] | null {
    if (this.#faults.isClosed(webhookId)) return 'fault'
    // Ten minutes in memory would leave it without a record for as long (guarantees.md, 19).
    if (this.#gates.isBlocked(webhookId, this.#ports.nowMs()) && this.#parks(webhookId)) return 'breaker'
    // A replay's records come much faster than it sends them.
    if (ratePerSecond !== null && this.#lanes.queues.itemsOf(queueId) >= mostAhead(ratePerSecond)) return 'overflow'
    return this.isFull(queueId) || this.#isBeyondShare(queueId, webhookId) ? 'overflow' : null
  }

  /** It has its share of memory and does not keep up; one that does may have more, and whoever comes next waits a moment. */
  isFull(queueId: string): boolean {
    const queue = this.#lanes.queues.get(queueId)
    if (!queue || queue.items < this.#limits.maxQueuedOfWebhook) return false
    return isSlow(queue, this.#lanes.hasFreePlaces)
  }

  /** Slow webhooks, however many, have a part of the memory together; so have unknown ones that still wait for a place. */
  #isBeyondShare(queueId: string, webhookId: string): boolean {
    const placeClass = this.#lanes.queues.placeClassOf(webhookId)
    if (placeClass === 'quick' || (placeClass === 'unknown' && !this.#lanes.queues.isAside(queueId))) return false
    return isBeyondShare(placeClass, this.#lanes.queues.heldBy(placeClass), this.#limits)
  }

  /** An unsent item is taken again later: from webhook-parked, or from its topic after the next assignment. */
  putBack(item: Item): void {
    this.#held.forget(item)
    this.rewindTo(item)
  }

  /** What was taken from webhook-parked is read again from this item on. */
  rewindTo({ parkedOffset, place, queueId }: Item): void {
    if (parkedOffset !== null) this.#partitions.get(place.partition)?.putBackParked(queueId, parkedOffset)
  }

  #parkAll(items: Item[], why: PendingDelivery['why']): void {
    const [first] = items
    if (!first) return
    const home = homeOf(first.queueId, this.#limits)
    const offsets = items.filter(({ place }) => place.topic === home).map(({ place }) => place.offset)
    const since = Math.min(this.#stateOf(first).position(home), ...offsets)
    for (const item of items) this.#park(item, why, since)
  }

  #park(item: Item, why: PendingDelivery['why'], since: number): void {
    const { queueId, place, retry } = item
    const { parked } = this.#stateOf(item)
    const parkedSince = parked.writing(queueId, since)
    retry?.cancel()
    delete item.retry
    // Its earlier record in webhook-parked, if there is one, is not answered for by this one: its place is before it.
    this.#held.unname(item)
    const written = this.#steps.step(place, item.delivery, 'parking', () => {
      const waiting = retry ? pendingOf(item, 'retry', retry.dueMs) : pendingOf(item, why, this.#ports.nowMs())
      this.#held.record(place.partition, { parked: { ...waiting, parkedSince } }, ({ parkedOffset }) => {
        if (parkedOffset === null) parked.notWritten(queueId)
        else parked.written(queueId, parkedOffset)
        this.#held.finish(item)
      })
    })
    if (!(written instanceof SetAside)) return
    parked.notWritten(queueId)
    this.#steps.setAside(item, written)
  }

  /** What waits here is of partitions that are owned: engine.assign has dropped the rest. */
  #stateOf({ place }: Item): PartitionState {
    const state = this.#partitions.get(place.partition)
    assert(state, `partition ${place.partition} is not owned`)
    return state
  }

  #measure(): void {
    const elapsedMs = this.#ports.nowMs() - this.#measuredAtMs
    if (elapsedMs === 0) return
    // A clock set back by hours leaves the speeds as they are until the next tick.
    if (elapsedMs > 0) this.#lanes.queues.measure(elapsedMs)
    this.#measuredAtMs += elapsedMs
  }

  /**
   * Slow webhooks must not fill the memory of all, however many they are: those that have at least half of an equal part of
   * it go on by webhook-parked. Where all keep up, waiting is right.
   */
  #relieve(): void {
    if (isBeyondShare('slow', this.#lanes.queues.heldBy('slow'), this.#limits))
      for (const queueId of this.#lanes.queues.slowQueues()) this.spill(queueId, 'overflow')
    const { queues, hasFreePlaces } = this.#lanes
    for (const queueId of slowWithMuch(queues.all(), this.#held.count, hasFreePlaces)) this.spill(queueId, 'overflow')
  }

  #parks(webhookId: string): boolean {
    return this.#definitionOf(webhookId)?.definition.whenBlocked === 'park'
  }
}
