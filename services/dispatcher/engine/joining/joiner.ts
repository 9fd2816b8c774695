import type { Entry } from '../../../domain/definition/definition-table.ts'
import type { Attempt, Delivery } from '../../../domain/delivery/delivery.ts'
import { type RecordPosition, SetAside } from '../../../platform/runtime/record-faults.ts'
import type { DeliveryPool } from '../delivery-pool.ts'
import { followUp } from '../follow-up.ts'
import { createItem, type Item, toPending, unknownOffset } from '../item.ts'
import type { ItemFaults } from '../item-faults.ts'
import type { PartitionState, Partitions } from '../offsets/partition-state.ts'
import type { Taken } from '../offsets/taken-records.ts'
import type { EngineLimits, EnginePorts } from '../ports.ts'
import type { RestoredPartition } from '../restored-partition.ts'
import type { Lane } from '../scheduling/lane.ts'
import type { LaneScheduler } from '../scheduling/lane-scheduler.ts'
import { decideJoin } from './decide-join.ts'

export type JoinerContext = {
  ports: Pick<EnginePorts, 'nowMs'>
  limits: Pick<EngineLimits, 'replaysTopic'>
  lanes: LaneScheduler<Item>
  held: DeliveryPool
  steps: ItemFaults
  partitions: Partitions
  owns: (position: RecordPosition) => boolean
}

/**
 * Joins messages of webhooks with `bufferSeconds` (docs/decisions/0038). One record in webhook-replays fixes the result
 * before anything is sent: it has the joined bytes and the ids of the messages, and answers for these from then on. The
 * joined notification takes their place in the lane, and is then a notification like any other.
 */
export class Joiner {
  readonly #context: JoinerContext

  constructor(context: JoinerContext) {
    this.#context = context
  }

  /**
   * Joins the head of a lane with those behind it.
   * @returns milliseconds to wait for more of them; null when the record is on its way.
   */
  join(lane: Lane<Item>, head: Item, entry: Entry): number | SetAside | null {
    return this.#context.steps.step(head.position, head.delivery, 'joining messages', () =>
      this.#join(lane, head, entry),
    )
  }

  /** Takes the next record of joined messages from webhook-replays. @param joined ids of the messages. */
  offer(position: RecordPosition, delivery: Delivery, joined: readonly string[]): void {
    const { steps, partitions } = this.#context
    const state = partitions.get(position.partition)
    const taken = state?.take(position.topic, position.offset)
    if (!state || !taken) return
    const met = steps.step(position, delivery, 'taking joined messages', () =>
      this.#meet(position, delivery, joined, taken),
    )
    if (met instanceof SetAside) return steps.setAsideTaken(position, taken, delivery, [], met)
    const isOwn = state.unreadJoined.delete(position.offset)
    if (met === null) return
    // Its item has ended meanwhile.
    if (isOwn) return met.records.finish()
    this.#begin(met, joined)
  }

  /** Takes over the records of joined messages behind the commit, before anything else of the partition number is read. */
  restore(
    state: PartitionState,
    { joined: records, joinedEnd }: Pick<RestoredPartition, 'joined' | 'joinedEnd'>,
  ): void {
    const { limits, held } = this.#context
    state.joinedEnd = joinedEnd
    const known = new Set<string>()
    for (const { offset, delivery, joined, isFinished } of records) {
      // Two owners may have joined the same messages, if one of them was cut off.
      if (joined.every((id) => known.has(id))) continue
      for (const id of joined) known.add(id)
      const position = { topic: limits.replaysTopic, partition: state.number, offset }
      const item = toItem(position, delivery, null)
      if (!isFinished) state.unreadJoined.add(offset)
      if (!isFinished && !held.absorb(item)) this.#begin(item, joined)
      else for (const id of joined) held.answered.add(id, Number.POSITIVE_INFINITY)
    }
  }

  /**
   * Puts unsent joined messages back at the head of their lane after a new assignment.
   * @returns false for other items, and if their partition has left.
   */
  keep(item: Item): boolean {
    const { lanes, partitions } = this.#context
    if (!item.isJoined || !partitions.get(item.position.partition)) return false
    lanes.enqueue(item.queueId, item.delivery.webhookId, item.delivery.contactId, item)
    return true
  }

  /**
   * Whether only the takeover of its partition can say if another instance has sent the item, and that is not over yet.
   */
  awaitsTakeover({ isJoined, isOrphan, position }: Item): boolean {
    const { partitions, owns } = this.#context
    return isJoined && isOrphan && owns(position) && !partitions.get(position.partition)
  }

  /**
   * Keeps joined messages whose partition was lost while their record was on its way to Kafka, if the takeover had read
   * webhook-replays before the record was there. If it was there, a former owner may have sent them, and the takeover
   * has found what is left to send.
   */
  adopt(item: Item): void {
    const { partition, offset } = item.position
    const state = this.#context.partitions.get(partition)
    if (!state || !item.isJoined || !item.isOrphan || offset < state.joinedEnd) return
    item.adopt()
    state.unreadJoined.add(offset)
  }

  #join(lane: Lane<Item>, head: Item, entry: Entry): number | null {
    const { ports, limits, lanes, held } = this.#context
    const nowMs = ports.nowMs()
    const decision = decideJoin(itemsOf(lane), entry.definition.bufferSeconds * 1_000, nowMs)
    if (decision.kind === 'wait') return decision.delayMs
    const { partition } = head.position
    const members = [...itemsOf(lane)].slice(0, decision.count)
    const item = toItem({ topic: limits.replaysTopic, partition, offset: unknownOffset }, decision.delivery, null)
    const outcome = { kind: 'joined', into: item.delivery.deliveryId } as const
    const attempts = members.map((each) => {
      const { records } = followUp(each, entry, { outcome, startedAtMs: nowMs, transition: null }, nowMs, 0)
      return records.attempt as Attempt
    })
    const pending = { ...toPending(item, 'joined', 0), joined: members.map(({ delivery }) => delivery.deliveryId) }
    held.record(partition, { joined: { pending, attempts } }, ({ joinedOffset }) =>
      this.#settled(lane, members, item, joinedOffset),
    )
    for (const each of members) {
      each.end(Number.POSITIVE_INFINITY)
      held.unsent.add(each)
    }
    // It is held from now on, so that its record is recognised if it is read before it is acknowledged.
    held.add(item)
    lanes.queues.detachBehindHead(lane, members.length - 1)
    return null
  }

  /**
   * Replaces the messages, which are answered for, by their joined notification. @param offset null if Kafka refused
   * it.
   */
  #settled(lane: Lane<Item>, members: readonly Item[], item: Item, offset: number | null): void {
    const { lanes, held, steps, partitions, owns } = this.#context
    for (const each of members) {
      steps.attempt(each.position, each.delivery, 'remembering a joined message', () =>
        held.answered.add(each.id, Number.POSITIVE_INFINITY),
      )
      held.finish(each)
    }
    if (offset === null || !owns(item.position)) {
      held.finish(item)
      return lanes.advance(lane)
    }
    item.settle(offset)
    if (item.records.isEmpty && !item.isOrphan) partitions.get(item.position.partition)?.unreadJoined.add(offset)
    lanes.queues.replaceHead(lane, item)
    lanes.putBack(lane)
  }

  /**
   * @returns null if it is held or answered for, or if all of its messages are: the record of another owner. If some are
   * not, an attempt of that owner says that they are, and a successor believes it.
   */
  #meet(position: RecordPosition, delivery: Delivery, joined: readonly string[], taken: Taken): Item | null {
    const { held } = this.#context
    const item = toItem(position, delivery, taken)
    if (held.absorb(item)) return null
    if (!joined.every((id) => held.answered.has(id, 0))) return item
    item.records.finish()
    return null
  }

  #begin(item: Item, joined: readonly string[]): void {
    const { lanes, held } = this.#context
    for (const id of joined) held.answered.add(id, Number.POSITIVE_INFINITY)
    held.add(item)
    lanes.enqueue(item.queueId, item.delivery.webhookId, item.delivery.contactId, item)
  }
}

function toItem(position: RecordPosition, delivery: Delivery, taken: Taken | null): Item {
  return createItem({ delivery, replayId: null, ratePerSecond: null, position, taken, attempts: [], isJoined: true })
}

/** Items of a lane, the head first. */
function* itemsOf({ items }: Lane<Item>): Iterable<Item> {
  for (let index = 0; index < items.length; index++) {
    const item = items.peekAt(index)
    if (item) yield item
  }
}
