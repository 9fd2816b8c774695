import type { PendingDelivery } from '../../../domain/delivery/delivery.ts'
import type { FaultGates } from '../gate/fault-gates.ts'
import type { SendGates } from '../gate/send-gate.ts'
import type { Item } from '../item.ts'
import { mostAhead } from '../item-ids.ts'
import type { EngineLimits, EnginePorts } from '../ports.ts'
import type { LaneScheduler } from '../scheduling/lane-scheduler.ts'
import { isBeyondShare, longestWaitInMemoryMs, shareToFill } from './memory-share.ts'
import { isSlow, slowWithMuch } from './slow-queues.ts'

export type MemoryRulesContext = {
  ports: Pick<EnginePorts, 'nowMs'>
  limits: EngineLimits
  lanes: LaneScheduler<Item>
  gates: SendGates
  faults: FaultGates
  definitionOf: EnginePorts['definition']
  waitMs: (webhookId: string) => number
}

/** Who may wait in memory, and who goes by webhook-parked. */
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

  /** Why the webhook's next notification is not to wait in memory, even if it is the first in webhook-parked; else null. */
  whyNot({ queueId, ratePerSecond, delivery: { webhookId } }: Item): PendingDelivery['why'] | null {
    if (this.#faults.isClosed(webhookId)) return 'fault'
    // Ten minutes in memory would leave it without a record for as long (guarantees.md, 19).
    if (this.isBlocked(webhookId)) return 'breaker'
    // A replay's records come much faster than it sends them.
    const isAhead = ratePerSecond !== null && this.#lanes.queues.itemsOf(queueId) >= mostAhead(ratePerSecond)
    const isOverflow = isAhead || this.#isFull(queueId) || this.#isBeyondShare(queueId, webhookId)
    return isOverflow || this.waitsLong(queueId, webhookId) ? 'overflow' : null
  }

  /** It has its share of memory and does not keep up; one that does may have more, and whoever comes next waits a moment. */
  #isFull(queueId: string): boolean {
    const queue = this.#lanes.queues.get(queueId)
    if (!queue || queue.items < this.#limits.maxQueuedOfWebhook) return false
    return isSlow(queue, this.#lanes.hasFreeSlots)
  }

  /** Slow webhooks, however many, have a part of the memory together; so have unknown ones that still wait for a place. */
  #isBeyondShare(queueId: string, webhookId: string): boolean {
    const { queues } = this.#lanes
    const memoryClass = queues.memoryClassOf(webhookId)
    if (memoryClass === 'unknown' && !queues.isDeferred(queueId)) return false
    return isBeyondShare(memoryClass, queues.heldBy(memoryClass), this.#limits)
  }

  /** Whether the gate and the rate let the last one of the queue start in more than a minute only. */
  waitsLong(queueId: string, webhookId: string): boolean {
    const rate = this.#definitionOf(webhookId)?.definition.rateLimitPerSecond
    const rateMs = rate === undefined ? 0 : (this.#lanes.queues.startsUntilEmpty(queueId) * 1_000) / rate
    return this.#waitMs(webhookId) + rateMs > longestWaitInMemoryMs
  }

  /** The breaker is open, and what comes meanwhile is to be sent later. */
  isBlocked(webhookId: string): boolean {
    const parks = this.#definitionOf(webhookId)?.definition.whenBlocked === 'park'
    return parks && this.#gates.isBlocked(webhookId, this.#nowMs())
  }

  /** Queues of slow webhooks that keep more than the next to be sent, while others wait in webhook-parked for a part of the share. */
  slowAhead(): string[] {
    const { queues } = this.#lanes
    const isFilled = isBeyondShare('slow', queues.heldBy('slow'), this.#limits, shareToFill)
    return isFilled ? queues.slowQueues(1) : []
  }

  /**
   * Queues that crowd the memory: those of slow webhooks where these have more than their share, and those that have at least
   * half of an equal part of the rest and do not keep up. Where all keep up, waiting is right.
   * @param held deliveries in memory.
   */
  crowding(held: number): string[] {
    const { queues, hasFreeSlots } = this.#lanes
    const slow = queues.heldBy('slow')
    const others = slowWithMuch(queues.all(), held - slow.items, hasFreeSlots)
    return isBeyondShare('slow', slow, this.#limits) ? [...queues.slowQueues(), ...others] : others
  }
}
