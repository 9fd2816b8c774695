import { strict as assert } from 'node:assert'
import type { PendingDelivery } from '../../../domain/delivery/delivery.ts'
import { type RecordPosition, SetAside } from '../../../platform/runtime/record-faults.ts'
import type { DeliveryPool } from '../delivery-pool.ts'
import { type Item, pendingOf } from '../item.ts'
import type { ItemFaults } from '../item-faults.ts'
import { homeOf, isOfReplay } from '../item-ids.ts'
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
 * The way of a webhook that cannot keep up, or is blocked: to webhook-parked and back, in order, so that it takes no more
 * than its share of memory and nobody waits for it (docs/decisions/0010-which-webhooks-are-parked.md).
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
  #measuredAtMs: number

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
    this.#clearLongWaits()
    for (const queueId of this.memory.slowAhead()) this.spill(queueId, 'overflow')
    if (this.#held.isCrowded) this.#relieve()
    this.#drain.look()
  }

  /**
   * Moves what the webhook has waiting in memory to webhook-parked, in the order of its lanes, so that its offsets need not
   * wait for ten minutes. What others there would have to wait for stays in memory: there is little of it.
   */
  spill(queueId: string, why: PendingDelivery['why']): void {
    const parking = this.#partitions.parking(queueId)
    if (parking) return this.#parkAll(parking.endHandover(queueId), why)
    // What was taken from webhook-parked and tried since then stays: its record there knows nothing of that attempt.
    const items = this.#lanes.takeQueued(queueId, ({ parkedOffset }) => parkedOffset === null)
    const [first] = items
    if (!first) return
    const state = this.#stateOf(first)
    const parkable = state.parked.isCaughtUp(queueId) ? this.#putBackTaken(state, queueId, items) : items
    this.#parkAll(parkable, why, this.#lanes.queues.running(queueId))
  }

  /** All that the webhook has waiting, live and of replays. */
  spillAll(webhookId: string, why: PendingDelivery['why']): void {
    for (const { id } of this.#lanes.queues.queuesOf(webhookId)) this.spill(id, why)
  }

  /** What was taken is in webhook-parked still, and what is older stays before it. @returns what has come behind it. */
  #putBackTaken({ parked }: PartitionState, queueId: string, items: Item[]): Item[] {
    const since = parked.sinceOf(queueId)
    const home = homeOf(queueId, this.#limits)
    const isOlder = ({ topic, offset }: RecordPosition) => topic === home && offset < since
    return items.filter((item) => {
      if (item.parkedOffset !== null) this.#putBackTakenItem(item)
      else if (isOlder(item.position)) this.#requeue(item)
      else return true
      return false
    })
  }

  #putBackTakenItem(item: Item): void {
    this.putBack(item)
    // Other records of the same delivery, which came meanwhile, are answered for by the one there.
    item.finishDuplicates()
  }

  #requeue(item: Item): void {
    item.requeue()
    this.#lanes.enqueue(item.queueId, item.delivery.webhookId, item.delivery.contactId, item)
  }

  /** Brings what has just come to its lane, or to webhook-parked. @param why it may not wait in memory, if so. */
  bring(item: Item, why: PendingDelivery['why'] | null): void {
    const { queueId, position, delivery } = item
    const state = this.#stateOf(item)
    const { parked } = state
    const home = homeOf(queueId, this.#limits)
    const offset = position.topic === home ? position.offset : null
    const follows = parked.isParking(queueId) ? parked.mustFollow(queueId, offset) : why !== null
    if (follows) this.#follow(item, why, offset ?? state.nextOffset(home))
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
      this.#held.unindex(item)
      behind.push(item)
      return
    }
    // What waits in memory goes there before this one: it would hold the commit until the webhook has caught up with it.
    if (behind || !parked.isParking(queueId)) this.spill(queueId, why ?? 'overflow')
    this.#park(item, why ?? 'overflow', since)
  }

  /** An unsent item is taken again later: from webhook-parked, or from its topic after the next assignment. */
  putBack(item: Item): void {
    this.#held.forget(item)
    this.rewindTo(item)
  }

  /** What was taken from webhook-parked is read again from this item on. */
  rewindTo({ parkedOffset, position, queueId }: Item): void {
    if (parkedOffset !== null) this.#partitions.get(position.partition)?.putBackParked(queueId, parkedOffset)
  }

  /** @param heads of their lanes, which are being sent. */
  #parkAll(items: Item[], why: PendingDelivery['why'], heads: Item[] = []): void {
    const [first] = items
    if (!first) return
    const home = homeOf(first.queueId, this.#limits)
    const offsets = items.filter(({ position }) => position.topic === home).map(({ position }) => position.offset)
    const since = Math.min(this.#stateOf(first).nextOffset(home), ...offsets)
    for (const head of heads) this.#parkHead(head, why, since)
    for (const item of items) this.#park(item, why, since)
  }

  /**
   * A request in flight may turn out not to have been sent. Whoever reads its record again finds later ones of its contact in
   * webhook-parked: so it stands there too, before those, and is passed over once it has an outcome.
   */
  #parkHead(head: Item, why: PendingDelivery['why'], since: number): void {
    const { queueId, position, delivery, parkedOffset } = head
    const parked = this.#partitions.get(position.partition)?.parked
    if (!parked || parkedOffset !== null) return
    const parkedSince = parked.writing(queueId, since)
    const written = this.#steps.step(position, delivery, 'parking', () => {
      const pending = { ...pendingOf(head, why, this.#ports.nowMs()), parkedSince }
      this.#held.record(position.partition, { parked: pending }, (at) => {
        if (at.parkedOffset === null) parked.notWritten(queueId)
        else parked.written(queueId, at.parkedOffset)
      })
    })
    if (written instanceof SetAside) parked.notWritten(queueId)
  }

  #park(item: Item, why: PendingDelivery['why'], since: number): void {
    const { queueId, position, retryDueMs } = item
    const { parked } = this.#stateOf(item)
    const parkedSince = parked.writing(queueId, since)
    item.endRetry()
    // Its earlier record in webhook-parked, if there is one, is not answered for by this one: its place is before it.
    this.#held.unindex(item)
    const written = this.#steps.step(position, item.delivery, 'parking', () => {
      const waiting =
        retryDueMs === null ? pendingOf(item, why, this.#ports.nowMs()) : pendingOf(item, 'retry', retryDueMs)
      this.#held.record(position.partition, { parked: { ...waiting, parkedSince } }, ({ parkedOffset }) => {
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
  #stateOf({ position }: Item): PartitionState {
    const state = this.#partitions.get(position.partition)
    assert(state, `partition ${position.partition} is not owned`)
    return state
  }

  #measure(): void {
    const elapsedMs = this.#ports.nowMs() - this.#measuredAtMs
    if (elapsedMs === 0) return
    // A clock set back by hours leaves the speeds as they are until the next tick.
    if (elapsedMs > 0) this.#lanes.queues.measure(elapsedMs)
    this.#measuredAtMs += elapsedMs
  }

  #relieve(): void {
    for (const queueId of this.memory.crowding(this.#held.count)) this.spill(queueId, 'overflow')
  }

  /** What waits long for its receiver, its breaker or its rate is in webhook-parked alone, whatever it had in memory before. */
  #clearLongWaits(): void {
    for (const { id: queueId, webhook, items } of this.#lanes.queues.all()) {
      if (items === 0 || !this.memory.waitsLong(queueId, webhook.id)) continue
      this.spill(queueId, this.memory.isBlocked(webhook.id) ? 'breaker' : 'overflow')
      if (!this.#partitions.parking(queueId)) continue
      // What was taken too early; what is older than all that is parked stays in front of it.
      for (const item of this.#lanes.takeQueued(queueId))
        if (item.parkedOffset === null) this.#requeue(item)
        else this.#putBackTakenItem(item)
    }
  }
}
