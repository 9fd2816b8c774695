import type { PendingDelivery } from '../../../domain/delivery/delivery.ts'
import type { FaultGates } from '../gate/fault-gates.ts'
import type { SendGates } from '../gate/send-gate.ts'
import type { Item } from '../item.ts'
import { otherwise } from '../item-faults.ts'
import { mostAhead, toWebhookId } from '../item-ids.ts'
import type { PartitionState } from '../offsets/partition-state.ts'
import type { EngineLimits, EnginePorts } from '../ports.ts'
import type { LaneScheduler } from '../scheduling/lane-scheduler.ts'
import { crowdingQueues, keepsUp } from './keep-up.ts'
import { isBeyondShare, longestWaitInMemoryMs, shareToFill } from './memory-share.ts'

export type MemoryRulesContext = {
  ports: Pick<EnginePorts, 'nowMs'>
  limits: EngineLimits
  lanes: LaneScheduler<Item>
  gates: SendGates
  faults: FaultGates
  definitionOf: EnginePorts['definition']
  waitMs: (webhookId: string) => number
}

/** Decides which deliveries may wait in memory and which go to webhook-parked. */
export class MemoryRules {
  readonly #nowMs: () => number
  readonly #limits: EngineLimits
  readonly #lanes: LaneScheduler<Item>
  readonly #gates: SendGates
  readonly #faults: FaultGates
  readonly #definitionOf: EnginePorts['definition']
  readonly #waitMs: (webhookId: string) => number

  constructor({ ports, limits, lanes, gates, faults, definitionOf, waitMs }: MemoryRulesContext) {
    this.#nowMs = () => ports.nowMs()
    this.#limits = limits
    this.#lanes = lanes
    this.#gates = gates
    this.#faults = faults
    this.#definitionOf = definitionOf
    this.#waitMs = waitMs
  }

  /**
   * Reason why the webhook's next notification must not wait in memory, even if it is the first in webhook-parked;
   * null if it may.
   */
  whyNot({ queueId, ratePerSecond, delivery: { webhookId } }: Item): PendingDelivery['why'] | null {
    if (this.#faults.isClosed(webhookId)) return 'fault'
    // A notification that waited in memory for ten minutes would have no record for that time (guarantees.md, 19).
    const held = this.whyHeld(queueId)
    if (held !== null) return held
    // Records of a replay arrive much faster than it sends them.
    const isAhead = ratePerSecond !== null && this.#lanes.queues.itemsOf(queueId) >= mostAhead(ratePerSecond)
    const isOverflow = isAhead || this.#isFull(queueId) || this.#isBeyondShare(queueId, webhookId)
    return isOverflow || this.waitsLong(queueId, webhookId) ? 'overflow' : null
  }

  /**
   * Whether the queue has used up its share of memory and does not keep up. A queue that keeps up may use more; others
   * then wait a moment.
   */
  #isFull(queueId: string): boolean {
    const queue = this.#lanes.queues.get(queueId)
    if (!queue || queue.items < this.#limits.maxQueuedOfWebhook) return false
    return !keepsUp(queue, this.#lanes.hasFreeSlots)
  }

  /**
   * Whether the webhook's class has used up its share of memory. All slow webhooks share one part of it, and so do
   * unknown ones that still wait for a slot.
   */
  #isBeyondShare(queueId: string, webhookId: string): boolean {
    const { queues } = this.#lanes
    const memoryClass = queues.memoryClassOf(webhookId)
    if (memoryClass === 'unknown' && !queues.isDeferred(queueId)) return false
    return isBeyondShare(memoryClass, queues.heldBy(memoryClass), this.#limits)
  }

  /** Whether the gate and the rate delay the last item of the queue by more than a minute. */
  waitsLong(queueId: string, webhookId: string): boolean {
    const rate = this.#definitionOf(webhookId)?.definition.rateLimitPerSecond
    const rateMs = rate === undefined ? 0 : (this.#lanes.queues.startsUntilEmpty(queueId) * 1_000) / rate
    return this.#waitMs(webhookId) + rateMs > longestWaitInMemoryMs
  }

  /**
   * Reason why the queue's notifications are kept in webhook-parked: its webhook is paused or blocked; null if neither.
   */
  whyHeld(queueId: string): 'paused' | 'breaker' | null {
    const webhookId = toWebhookId(queueId)
    return otherwise(null, () => {
      if (this.#gates.isPaused(webhookId)) return 'paused'
      const isKept = this.#gates.isBlocked(webhookId, this.#nowMs()) && this.#gates.keepsWhileBlocked(webhookId)
      return isKept ? 'breaker' : null
    })
  }

  /** Queues with notifications in memory that wait for the end of a handover, which a pause or a block has interrupted. */
  interruptedHandovers(partitions: Iterable<PartitionState>): string[] {
    return [...partitions].flatMap(({ parked }) =>
      parked.parking().filter((id) => parked.behind(id)?.length && this.waitsLong(id, toWebhookId(id))),
    )
  }

  /**
   * Queues of slow webhooks that hold more than the next item to send, while others wait in webhook-parked for a part
   * of their share.
   */
  slowAhead(): string[] {
    const { queues } = this.#lanes
    const isFilled = isBeyondShare('slow', queues.heldBy('slow'), this.#limits, shareToFill)
    return isFilled ? queues.slowQueues(1) : []
  }

  /**
   * Queues that use too much memory: those of slow webhooks if these exceed their share, and those that have at least
   * half of an equal part of the rest and do not keep up. If all queues keep up, new deliveries wait instead.
   * @param held deliveries in memory.
   */
  crowding(held: number): string[] {
    const { queues, hasFreeSlots } = this.#lanes
    const slow = queues.heldBy('slow')
    const others = crowdingQueues(queues.all(), held - slow.items, hasFreeSlots)
    return isBeyondShare('slow', slow, this.#limits) ? [...queues.slowQueues(), ...others] : others
  }
}
