import type { PendingDelivery } from '../../../domain/delivery/delivery.ts'
import { SetAside } from '../../../platform/runtime/record-faults.ts'
import type { DeliveryPool } from '../delivery-pool.ts'
import type { FaultGates } from '../gate/fault-gates.ts'
import { createItem, type Item } from '../item.ts'
import type { ItemFaults } from '../item-faults.ts'
import { limitRate, mostAhead, toHomeTopic, toQueueId, toWebhookId } from '../item-ids.ts'
import type { PartitionState, Partitions } from '../offsets/partition-state.ts'
import type { EngineLimits, EnginePorts } from '../ports.ts'
import type { LaneScheduler } from '../scheduling/lane-scheduler.ts'
import { isBeyondShare, longestWaitInMemoryMs, shareToFill } from './memory-share.ts'

export type ParkedDrainContext = {
  ports: Pick<EnginePorts, 'nowMs' | 'after' | 'readParked'>
  limits: EngineLimits
  lanes: LaneScheduler<Item>
  faults: FaultGates
  held: DeliveryPool
  steps: ItemFaults
  definitionOf: EnginePorts['definition']
  waitMs: (webhookId: string) => number
  partitions: Partitions
}

/** Maximum share of memory that a class may hold before the drain falls back to one request at a time. */
const shareOfParked = 1 / 4
/** Offsets of webhook-parked read per pass. */
const drainSlice = 2_000
/** Time between two checks whether a quick webhook can take more: it can empty its share in less than one tick. */
const quickCheckMs = 25

/**
 * Takes deliveries back from webhook-parked, in order, while there is room, until a webhook's notifications no longer
 * have to go there.
 */
export class ParkedDrain {
  readonly #context: ParkedDrainContext
  #checksSoon = false
  #stopped = false

  constructor(context: ParkedDrainContext) {
    this.#context = context
  }

  stop(): void {
    this.#stopped = true
  }

  /** Takes parked records back where there is room; soon checks again if webhooks empty their queues quickly. */
  takeBack(): void {
    const { ports, lanes, partitions } = this.#context
    let quick = false
    for (const state of partitions) {
      if (state.parked.size === 0) continue
      // A pass that lacks room for another queue leaves this one, whose last record it may have taken.
      for (const queueId of state.parked.handedOver()) this.#handOver(state, queueId)
      if (state.draining === null) this.#drain(state)
      quick ||= state.parked.parking().some((queueId) => lanes.queues.perSecondOf(queueId) > 0)
    }
    if (!quick || this.#checksSoon || this.#stopped) return
    this.#checksSoon = true
    ports.after(quickCheckMs, () => {
      this.#checksSoon = false
      this.takeBack()
    })
  }

  /**
   * Reads the next part for the queues that can take more. The queue whose turn it is decides where to begin; other
   * queues with records after that offset take theirs in the same pass.
   * @param looksThrough whether a pass for `#lookThrough` comes first; such passes alternate with those of other queues.
   */
  #drain(state: PartitionState, looksThrough = true): void {
    const { ports, lanes, held, partitions } = this.#context
    const { parked } = state
    if (this.#stopped || !held.hasRoom || (looksThrough && this.#lookThrough(state))) return
    const candidates = parked.waiting().filter((queueId) => !state.unseen.has(queueId) && this.#canTake(state, queueId))
    const first = candidates[state.drains++ % candidates.length]
    if (first === undefined) return void (looksThrough || this.#lookThrough(state))
    const from = parked.fromOf(first)
    const accepting = new Set(candidates.filter((queueId) => parked.fromOf(queueId) >= from))
    const ends = new Map([...accepting].map((queueId) => [queueId, parked.lastOf(queueId) + 1]))
    const to = Math.min(from + drainSlice, Math.max(...ends.values()))
    state.draining = accepting
    const isCurrent = () => state.draining === accepting && partitions.get(state.number) === state
    const onRecord = (offset: number, pending: PendingDelivery) => {
      const queueId = toQueueId(pending.delivery.webhookId, pending.replayId)
      if (!isCurrent()) return false
      if (!accepting.has(queueId) || offset < parked.fromOf(queueId)) return true
      if (lanes.queues.itemsOf(queueId) < this.#refillBy(pending, queueId) && this.#hasRoomFor(queueId))
        this.#take(state, offset, pending)
      else this.#leave(accepting, queueId)
      return accepting.size > 0
    }
    ports.readParked(state.number, from, to, onRecord, () => {
      if (!isCurrent()) return
      state.draining = null
      for (const queueId of accepting) {
        parked.passed(queueId, to)
        if (to >= (ends.get(queueId) ?? 0)) this.#handOver(state, queueId)
      }
      this.#drain(state)
    })
  }

  /**
   * Notes the `read` statuses that a former owner has parked, before the first record of their queue is taken: a `delivered`
   * before them is left out then, as if this process had parked both.
   * @returns whether a pass has begun.
   */
  #lookThrough(state: PartitionState): boolean {
    const { ports, held, partitions } = this.#context
    for (const [queueId, { from, to }] of state.unseen) {
      if (queueId !== toWebhookId(queueId) || !held.reads.concern(queueId, null)) {
        state.unseen.delete(queueId)
        continue
      }
      const end = Math.min(from + drainSlice, to)
      const reading = new Set<string>()
      state.draining = reading
      const isCurrent = () => state.draining === reading && partitions.get(state.number) === state
      const onRecord = (_offset: number, pending: PendingDelivery) => {
        if (pending.delivery.webhookId === queueId) held.reads.note(pending)
        return isCurrent()
      }
      ports.readParked(state.number, from, end, onRecord, () => {
        if (!isCurrent()) return
        state.draining = null
        if (end < to) state.unseen.set(queueId, { from: end, to })
        else state.unseen.delete(queueId)
        this.#drain(state, false)
      })
      return true
    }
    return false
  }

  /** Stops taking for the queue in this pass and, if it lacks room, for other queues that lack the same room. */
  #leave(accepting: Set<string>, queueId: string): void {
    accepting.delete(queueId)
    if (this.#hasRoomFor(queueId)) return
    for (const other of accepting) if (!this.#hasRoomFor(other)) accepting.delete(other)
  }

  /**
   * Begins the handover once everything that was there when the read began has been taken. If notifications arrive so
   * quickly that some are always on their way to webhook-parked, later ones wait in memory until those have been taken
   * too.
   */
  #handOver({ parked }: PartitionState, queueId: string): void {
    const { held, lanes } = this.#context
    parked.beginHandover(queueId)
    if (!parked.isTaken(queueId)) return
    for (const item of parked.endHandover(queueId)) {
      const duplicate = held.get(item.id)
      if (held.answered.has(item.id, item.attempts.length)) held.finish(item)
      else if (duplicate?.covers(item)) {
        held.merge(duplicate, item)
        held.forget(item)
      } else {
        held.index(item)
        lanes.enqueue(queueId, item.delivery.webhookId, item.delivery.contactId, item)
      }
    }
  }

  /**
   * Whether the queue can take records: older ones have been read, there is room, and the gate is open or about to be.
   */
  #canTake(state: PartitionState, queueId: string): boolean {
    const { limits, waitMs, lanes } = this.#context
    return (
      this.#hasRoomFor(queueId, shareToFill) &&
      state.nextOffset(toHomeTopic(queueId, limits)) >= state.parked.sinceOf(queueId) &&
      waitMs(toWebhookId(queueId)) < 1_000 &&
      lanes.queues.itemsOf(queueId) <= this.#refill(queueId) / 2
    )
  }

  /**
   * Whether memory has room for the queue. Slow and unknown webhooks have a share each; while memory is crowded, a
   * queue that has items there waits.
   */
  #hasRoomFor(queueId: string, part = 1): boolean {
    const { limits, lanes, held } = this.#context
    if (held.isCrowded && lanes.queues.itemsOf(queueId) > 0) return false
    const memoryClass = lanes.queues.memoryClassOf(toWebhookId(queueId))
    return !isBeyondShare(memoryClass, lanes.queues.heldBy(memoryClass), limits, part)
  }

  /**
   * Maximum items of a parked queue in memory: enough for its requests in flight, but so few that all parked queues
   * together leave most of the memory to the others; within these limits, as many as a quick webhook sends in a second.
   */
  #refill(queueId: string): number {
    const { definitionOf, limits, lanes, faults, partitions } = this.#context
    const least = lanes.queues.inFlightOf(queueId) + 1
    // A single delivery, to try, is enough while nothing can be sent.
    if (faults.isClosed(toWebhookId(queueId))) return least
    const { items } = lanes.queues.heldBy(lanes.queues.memoryClassOf(toWebhookId(queueId)))
    const free = limits.maxHeld * shareOfParked - items
    if (free <= 0) return least
    const definition = definitionOf(toWebhookId(queueId))?.definition
    const rate = definition?.rateLimitPerSecond ?? Number.POSITIVE_INFINITY
    // The limit is half of the number that would be put back because they wait too long.
    const queues = Math.max(1, lanes.queues.queuesOf(toWebhookId(queueId)).length)
    const mostOfRate = (rate / queues) * (longestWaitInMemoryMs / 2_000)
    const most = Math.min(limits.maxQueuedOfWebhook, 4 * (definition?.maxInFlight ?? 1), Math.max(least, mostOfRate))
    return Math.max(Math.min(most, least + free / partitions.parkedWebhooks), lanes.queues.perSecondOf(queueId))
  }

  /** Like #refill; for a replay, at most what it sends in a few seconds. */
  #refillBy({ replayId, ratePerSecond }: PendingDelivery, queueId: string): number {
    const refill = this.#refill(queueId)
    return replayId === null ? refill : Math.min(refill, mostAhead(limitRate(ratePerSecond)))
  }

  #take({ number, parked }: PartitionState, offset: number, pending: PendingDelivery): void {
    const { held, lanes, steps, limits } = this.#context
    const { delivery, attempts, replayId, ratePerSecond, givenUpAt } = pending
    const { webhookId, contactId } = delivery
    const queueId = toQueueId(webhookId, replayId)
    const taken = parked.take(queueId, offset)
    if (taken === null) return
    const position = { topic: limits.parkedTopic, partition: number, offset }
    const notBeforeMs = pending.why === 'retry' ? pending.dueAt : 0
    const met = steps.step(position, delivery, 'taking a parked delivery', () => {
      const brought = { delivery, replayId, ratePerSecond, givenUpAt, position, taken, attempts, parkedOffset: offset }
      const item = createItem({ ...brought, notBeforeMs })
      held.reads.note(item)
      return held.absorb(item) ? null : item
    })
    if (met instanceof SetAside) return steps.setAsideTaken(position, taken, delivery, attempts, met)
    if (met === null) return
    held.add(met)
    lanes.enqueue(queueId, webhookId, contactId, met)
  }
}
