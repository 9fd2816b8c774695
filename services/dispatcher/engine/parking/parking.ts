import { strict as assert } from 'node:assert'
import type { PendingDelivery } from '../../../domain/delivery/delivery.ts'
import { SetAside } from '../../../platform/runtime/record-faults.ts'
import type { DeliveryPool } from '../delivery-pool.ts'
import { type Item, toPending } from '../item.ts'
import type { ItemFaults } from '../item-faults.ts'
import { homeOffset, isOfReplay, toHomeTopic } from '../item-ids.ts'
import type { PartitionState, Partitions } from '../offsets/partition-state.ts'
import type { EngineLimits, EnginePorts } from '../ports.ts'
import type { LaneScheduler } from '../scheduling/lane-scheduler.ts'
import { MemoryRules, type MemoryRulesContext } from './memory-rules.ts'
import { ParkedDrain } from './parked-drain.ts'

export type ParkingContext = MemoryRulesContext & {
  ports: EnginePorts
  held: DeliveryPool
  steps: ItemFaults
  partitions: Partitions
}

/**
 * Moves deliveries of slow or blocked webhooks to webhook-parked and back, preserving order, so that one webhook
 * cannot use more than its share of memory or delay others (docs/decisions/0010-which-webhooks-are-parked.md).
 */
export class Parking {
  readonly #ports: EnginePorts
  readonly #limits: EngineLimits
  readonly #lanes: LaneScheduler<Item>
  readonly #held: DeliveryPool
  readonly #partitions: Partitions
  readonly #steps: ItemFaults
  readonly memory: MemoryRules
  readonly #drain: ParkedDrain
  /** Items in memory of which webhook-parked has a copy, or is about to. */
  readonly #copied = new WeakSet<Item>()

  constructor(context: ParkingContext) {
    const { ports, limits, lanes, held, steps, partitions } = context
    this.#steps = steps
    this.#ports = ports
    this.#limits = limits
    this.#lanes = lanes
    this.#held = held
    this.#partitions = partitions
    this.memory = new MemoryRules(context)
    this.#drain = new ParkedDrain(context)
    lanes.queues.measure(ports.nowMs())
  }

  stop(): void {
    this.#drain.stop()
  }

  /**
   * Finishes the items of a stopped replay in memory; the rest are dropped on arrival.
   * @param finish marks the offset of the stop record as finished.
   */
  stopReplay(replayId: string, atMs: number, finish: () => void): void {
    this.#held.stopped.add(replayId, atMs, finish)
    for (const { id } of this.#lanes.queues.all())
      if (isOfReplay(id, replayId)) for (const item of this.#lanes.takeQueued(id)) this.#held.finish(item)
    this.#held.checkRoom()
  }

  /** Takes parked records back for webhooks that can continue, and makes room when memory is crowded. */
  tick(): void {
    this.#held.stopped.forgetOld(this.#ports.nowMs(), (replayId) => this.#partitions.holdReplay(replayId))
    this.#lanes.queues.measure(this.#ports.nowMs())
    for (const queueId of this.memory.interruptedHandovers(this.#partitions)) this.spill(queueId)
    this.#clearLongWaits()
    for (const queueId of this.memory.slowAhead()) this.spill(queueId, 'overflow')
    if (this.#held.isCrowded)
      for (const queueId of this.memory.crowding(this.#held.count)) this.spill(queueId, 'overflow')
    this.#drain.takeBack()
  }

  /**
   * Moves the queue's waiting items from memory to webhook-parked, in the order of its lanes, so that their offsets
   * can be committed now rather than in the ten minutes for which a breaker is open. Items older than the parked ones
   * stay in memory; there are few of them.
   */
  spill(queueId: string, why: PendingDelivery['why'] = this.memory.whyHeld(queueId) ?? 'overflow'): void {
    const parking = this.#partitions.parking(queueId)
    if (parking) return this.#parkAll(parking.endHandover(queueId), why)
    // Those stay that came from webhook-parked and lack an attempt there, and those whose partition is taken over again.
    const isParked = ({ parkedOffset, isJoined, position }: Item) =>
      parkedOffset === null && !isJoined && this.#partitions.get(position.partition) !== undefined
    const items = this.#lanes.takeQueued(queueId, isParked)
    if (!items[0]) return
    const state = this.#findPartition(items[0])
    const parkable = state.parked.isCaughtUp(queueId) ? this.#putBackTaken(state, queueId, items) : items
    this.#parkAll(parkable, why, this.#lanes.queues.running(queueId))
  }

  /** Spills all of the webhook's queues, live and of replays. */
  spillAll(webhookId: string, why: PendingDelivery['why']): void {
    for (const { id } of this.#lanes.queues.queuesOf(webhookId)) this.spill(id, why)
  }

  /**
   * Puts back items taken from webhook-parked, and keeps older ones in memory.
   * @returns the items that came after those, and those whose record there lacks an attempt.
   */
  #putBackTaken({ parked }: PartitionState, queueId: string, items: Item[]): Item[] {
    const since = parked.sinceOf(queueId)
    return items.filter((item) => {
      if (item.parkedOffset !== null && !item.isOutdated) this.#putBackTakenItem(item)
      else if ((homeOffset(item, this.#limits) ?? since) < since) this.#requeue(item)
      else return true
      return false
    })
  }

  #putBackTakenItem(item: Item): void {
    this.putBack(item)
    // Duplicates of the delivery that arrived meanwhile can be finished: the record in webhook-parked replaces them.
    item.records.putBack()
  }

  #requeue(item: Item): void {
    item.requeue()
    this.#lanes.enqueue(item.queueId, item.delivery.webhookId, item.delivery.contactId, item)
  }

  /** Puts a new item into its lane or into webhook-parked. @param why the reason not to keep it in memory, if any. */
  bring(item: Item, why: PendingDelivery['why'] | null): void {
    const { queueId, delivery } = item
    const state = this.#findPartition(item)
    const { parked } = state
    this.#held.add(item)
    const offset = homeOffset(item, this.#limits)
    const follows = parked.isParking(queueId) ? parked.mustPark(queueId, offset) : why !== null
    if (follows) this.#parkBehind(item, why, offset ?? state.nextOffset(toHomeTopic(queueId, this.#limits)))
    else this.#lanes.enqueue(queueId, delivery.webhookId, delivery.contactId, item)
  }

  /**
   * Moves a new item to webhook-parked, or lets it wait in memory for the end of a handover.
   * @param since offset at which parking begins for its queue, if it begins now.
   */
  #parkBehind(item: Item, why: PendingDelivery['why'] | null, since: number): void {
    const { queueId } = item
    const { parked } = this.#findPartition(item)
    const behind = parked.behind(queueId)
    if (behind && why === null && behind.length < this.#limits.maxQueuedOfWebhook && !this.#held.isCrowded) {
      // Another record of the same delivery may arrive first, and is sent then.
      this.#held.unindex(item)
      behind.push(item)
      return
    }
    // The queue's items that are still in memory are parked first, because they would hold back the commit there.
    if (behind || !parked.isParking(queueId)) this.spill(queueId, why ?? 'overflow')
    this.#park(item, why ?? 'overflow', since)
  }

  /** Puts an unsent item back: it is read again from webhook-parked, or from its topic after the next assignment. */
  putBack(item: Item): void {
    this.#held.forget(item)
    this.rewindTo(item)
  }

  /** Lets webhook-parked be read again from this item, if it came from there. */
  rewindTo({ parkedOffset, position, queueId }: Item): void {
    if (parkedOffset !== null) this.#partitions.get(position.partition)?.putBackParked(queueId, parkedOffset)
  }

  /** @param heads items at the heads of its lanes, which are being sent. */
  #parkAll(items: Item[], why: PendingDelivery['why'], heads: Item[] = []): void {
    const [first] = items
    if (!first) return
    const home = toHomeTopic(first.queueId, this.#limits)
    const offsets = items.filter(({ position }) => position.topic === home).map(({ position }) => position.offset)
    const since = Math.min(this.#findPartition(first).nextOffset(home), ...offsets)
    for (const head of heads) if (!head.hasEnded) this.#parkCopy(head, why, since)
    for (const item of items) this.#park(item, why, since)
  }

  /**
   * Parks a copy of an item that stays in memory: its request is in flight and may turn out not to have been sent, or it
   * waits, or Kafka has no record yet that it ended without one. Its contact's later notifications are going to
   * webhook-parked, so the copy is parked ahead of them. It is skipped there if the item has an outcome by then.
   */
  #parkCopy(item: Item, why: PendingDelivery['why'], since: number): void {
    const { queueId, position, delivery, parkedOffset } = item
    const parked = this.#partitions.get(position.partition)?.parked
    if (!parked || parkedOffset !== null || item.isJoined || this.#copied.has(item)) return
    this.#copied.add(item)
    const parkedSince = parked.writing(queueId, since)
    const written = this.#steps.step(position, delivery, 'parking', () => {
      const pending = { ...toPending(item, why, this.#ports.nowMs()), parkedSince }
      this.#held.record(position.partition, { parked: pending }, (at) => {
        parked.written(queueId, at.parkedOffset)
        if (at.parkedOffset === null) this.#copied.delete(item)
        else item.records.addCopy(parked.recordAt(queueId, at.parkedOffset))
      })
    })
    if (!(written instanceof SetAside)) return
    this.#copied.delete(item)
    parked.written(queueId, null)
  }

  #park(item: Item, why: PendingDelivery['why'], since: number): void {
    if (item.isJoined) return this.#requeue(item)
    const { queueId, position, retryDueMs, delivery } = item
    const { parked } = this.#findPartition(item)
    // A successor takes the parked records before it reads the home topic from sinceOf on. So a copy of what is above it in
    // memory is parked first: of what ended without a request, and of a head that waited through an assignment.
    const from = Math.min(parked.sinceOf(queueId), since)
    const earlier = [...this.#held.unsent.of(item)].filter((ended) => (homeOffset(ended, this.#limits) ?? from) >= from)
    const head = this.#lanes.queues.headOf(queueId, delivery.contactId)
    if (head && !head.hasEnded && parked.mustPark(queueId, homeOffset(head, this.#limits))) earlier.push(head)
    for (const each of earlier) this.#parkCopy(each, why, since)
    const parkedSince = parked.writing(queueId, since)
    item.endRetry()
    // An earlier record of the delivery in webhook-parked comes before this one, so this one does not replace it.
    this.#held.unindex(item)
    item.records.leaveCopies()
    const written = this.#steps.step(position, delivery, 'parking', () => {
      const waiting =
        retryDueMs === null ? toPending(item, why, this.#ports.nowMs()) : toPending(item, 'retry', retryDueMs)
      this.#held.record(position.partition, { parked: { ...waiting, parkedSince } }, ({ parkedOffset }) => {
        parked.written(queueId, parkedOffset)
        this.#held.finish(item)
      })
    })
    if (!(written instanceof SetAside)) return
    parked.written(queueId, null)
    this.#steps.setAside(item, written)
  }

  /** State of the item's partition, which is owned: engine.assign has dropped all other items. */
  #findPartition({ position }: Item): PartitionState {
    const state = this.#partitions.get(position.partition)
    assert(state, `partition ${position.partition} is not owned`)
    return state
  }

  /** Moves items that have to wait long, for their receiver, breaker or rate, from memory to webhook-parked. */
  #clearLongWaits(): void {
    for (const { id: queueId, webhook, items } of this.#lanes.queues.all()) {
      if (items === 0 || !this.memory.waitsLong(queueId, webhook.id)) continue
      this.spill(queueId)
      if (!this.#partitions.parking(queueId)) continue
      // Items taken too early go back; items older than all parked ones stay before them.
      for (const item of this.#lanes.takeQueued(queueId))
        if (item.parkedOffset === null || item.isOutdated) this.#requeue(item)
        else this.#putBackTakenItem(item)
    }
  }
}
