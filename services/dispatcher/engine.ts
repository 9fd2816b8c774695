import type { WebhookDefinition } from '../domain/definition.ts'
import type { Attempt, AttemptSummary, DeadLetter, DeadLetterReason, Delivery } from '../domain/delivery.ts'
import type { Outcome } from '../domain/outcome.ts'
import { type Lane, LaneScheduler } from './lanes.ts'
import { OffsetTracker, type Slot } from './offsets.ts'
import { RecentIds } from './recent-ids.ts'
import { attemptRecord, deadLetterOf, type Place, summaryOf } from './records.ts'
import { decideNext } from './retry.ts'

/** How one send ended: an outcome of the receiver's, or a fault of ours, after which the same is tried again later. */
export type SendResult = { startedAtMs: number } & (
  | { kind: 'outcome'; outcome: Outcome }
  | { kind: 'postponed'; delayMs: number; reason: string }
)

/** The world outside: everything that takes time or chance. Callbacks may come in any order, never from inside the call. */
export type EnginePorts = {
  nowMs(): number
  random(): number
  /** The definition in force at this moment. */
  definition(webhookId: string): WebhookDefinition | undefined
  send(delivery: Delivery, attempt: number, definition: WebhookDefinition, ended: (result: SendResult) => void): void
  /** Writes records to Kafka, in the partition number of the delivery. @param acknowledged called once they are there. */
  record(partition: number, records: { attempt?: Attempt; deadLetter?: DeadLetter }, acknowledged: () => void): void
  after(delayMs: number, due: () => void): { cancel(): void }
  /** Called when there is room again after hasRoom was false. */
  onRoom(): void
}

export type EngineLimits = {
  /** Requests in flight of the whole process. */
  maxInFlight: number
  /** Deliveries held in memory: queued, in flight, or waiting for a retry or for their record's acknowledgement. */
  maxHeld: number
  maxHeldBytes: number
  /** Delivery ids remembered as answered for. */
  recentIds: number
}

/** What the engine needs to know of the consumer's assignment. */
export type Owned = { readonly partitions: ReadonlyMap<string, readonly number[]> }

type Partition = {
  readonly topic: string
  readonly partition: number
  readonly tracker: OffsetTracker
  committed: number | null
}

type Item = {
  readonly delivery: Delivery
  readonly place: Place
  /** Every record that this send answers for: a duplicate that comes meanwhile is finished with it. */
  readonly slots: { partition: Partition; slot: Slot }[]
  attempts: AttemptSummary[]
  retry?: { cancel(): void; lane: Lane<Item> }
}

/**
 * The dispatcher's core: takes deliveries in the order of their partition, sends them lane by lane, and says which
 * offsets are finished. It reads no clock and does no I/O, so that it runs under a virtual clock as well.
 *
 * Invariants: within a lane the next item starts only after the one before has ended for good; an offset is finished only
 * after the record of its outcome is acknowledged; nothing of an older assignment is ever committed.
 */
export class Engine {
  readonly #ports: EnginePorts
  readonly #limits: EngineLimits
  readonly #lanes: LaneScheduler<Item>
  readonly #answered: RecentIds
  /** Unfinished items by delivery id. */
  readonly #held = new Map<string, Item>()
  #heldBytes = 0
  #unacknowledged = 0
  #lackedRoom = false
  #owned: Owned = { partitions: new Map() }
  #partitions = new Map<string, Partition>()
  #drained: (() => void) | undefined

  constructor(ports: EnginePorts, limits: EngineLimits) {
    this.#ports = ports
    this.#limits = limits
    this.#answered = new RecentIds(limits.recentIds)
    const maxInFlightOf = (webhookId: string) => ports.definition(webhookId)?.maxInFlight ?? 1
    this.#lanes = new LaneScheduler({ maxInFlight: limits.maxInFlight, maxInFlightOf }, (lane, item) =>
      this.#start(lane, item),
    )
  }

  get held(): number {
    return this.#held.size
  }

  get inFlight(): number {
    return this.#lanes.inFlight
  }

  /** While false, take no more records; onRoom tells when it changes. */
  get hasRoom(): boolean {
    const room = this.#held.size < this.#limits.maxHeld && this.#heldBytes < this.#limits.maxHeldBytes
    if (!room) this.#lackedRoom = true
    return room
  }

  /**
   * Begins with a new assignment: records are read again from the last commit on. What is queued is dropped; what is in
   * flight, or waits for a retry in a partition that stayed, goes on and meets its record again by its delivery id.
   */
  assign(owned: Owned): void {
    this.#owned = owned
    this.#partitions = new Map()
    this.#lanes.dropQueued((item) => this.#forget(item))
    for (const item of [...this.#held.values()]) {
      item.slots.length = 0
      if (item.retry && !this.#owns(item.place)) this.#abandon(item)
    }
    this.#checkRoom()
  }

  /** Takes the next record of a partition. */
  offer(place: Place, delivery: Delivery): void {
    const { partition, slot } = this.#take(place)
    if (this.#answered.has(delivery.deliveryId)) return partition.tracker.finish(slot)
    const twin = this.#held.get(delivery.deliveryId)
    if (twin) {
      twin.slots.push({ partition, slot })
      return
    }
    const item: Item = { delivery, place, slots: [{ partition, slot }], attempts: [] }
    this.#held.set(delivery.deliveryId, item)
    this.#heldBytes += delivery.body.length
    this.#lanes.enqueue(delivery.webhookId, delivery.contactId, item)
  }

  /** Takes a record that is not a delivery: finished at once, or when its dead letter is in Kafka. */
  offerUnsendable(place: Place, deadLetter?: DeadLetter): void {
    const { partition, slot } = this.#take(place)
    if (!deadLetter) return partition.tracker.finish(slot)
    this.#record(place.partition, { deadLetter }, () => partition.tracker.finish(slot))
  }

  /** Next offsets to commit, of partitions whose watermark has moved since the last call. */
  takeCommits(): Place[] {
    const commits: Place[] = []
    for (const state of this.#partitions.values()) {
      const { topic, partition, tracker } = state
      const offset = tracker.watermark
      if (offset === null || offset === state.committed) continue
      state.committed = offset
      commits.push({ topic, partition, offset })
    }
    return commits
  }

  /** Forgets what takeCommits has handed out: a commit failed, the next call gives all watermarks again. */
  commitFailed(): void {
    for (const state of this.#partitions.values()) state.committed = null
  }

  /** Starts no more sends. @returns resolves when nothing is in flight and every outcome is in Kafka. */
  drain(): Promise<void> {
    this.#lanes.stop()
    return new Promise((resolve) => {
      this.#drained = resolve
      this.#checkDrained()
    })
  }

  #start(lane: Lane<Item>, item: Item): void {
    const { delivery } = item
    const definition = this.#ports.definition(delivery.webhookId)
    const obstacle = definition ? (definition.enabled ? null : 'disabled') : 'deleted'
    if (!definition || obstacle) return this.#giveUp(lane, item, obstacle ?? 'deleted')
    const attempt = item.attempts.length + 1
    this.#ports.send(delivery, attempt, definition, (result) => this.#ended(lane, item, definition, result))
  }

  #ended(lane: Lane<Item>, item: Item, definition: WebhookDefinition, result: SendResult): void {
    if (result.kind === 'postponed') return this.#wait(lane, item, result.delayMs)
    const { delivery, place } = item
    const { outcome, startedAtMs } = result
    const nowMs = this.#ports.nowMs()
    const attempt = item.attempts.length + 1
    const next = decideNext(outcome, attempt, definition.retryProfile, this.#ports.random())
    const record = attemptRecord({ delivery, definition, place, attempt, startedAtMs, outcome, next }, nowMs)
    item.attempts = [...item.attempts, summaryOf(record)]
    switch (next.kind) {
      case 'done':
        this.#finishAfter(item, { attempt: record })
        return this.#lanes.advance(lane)
      case 'retry':
        this.#record(place.partition, { attempt: record }, () => {})
        return this.#wait(lane, item, next.delayMs)
      case 'deadLetter': {
        const deadLetter = deadLetterOf(delivery, place, next.reason, item.attempts, nowMs)
        this.#finishAfter(item, { attempt: record, deadLetter })
        return this.#lanes.advance(lane)
      }
    }
  }

  #giveUp(lane: Lane<Item>, item: Item, reason: DeadLetterReason): void {
    const deadLetter = deadLetterOf(item.delivery, item.place, reason, item.attempts, this.#ports.nowMs())
    this.#finishAfter(item, { deadLetter })
    this.#lanes.advance(lane)
  }

  /** Holds the lane until the item is due; in a partition that went to another instance, that one retries. */
  #wait(lane: Lane<Item>, item: Item, delayMs: number): void {
    this.#lanes.hold(lane)
    const timer = this.#ports.after(delayMs, () => {
      delete item.retry
      this.#lanes.resume(lane)
    })
    item.retry = { cancel: () => timer.cancel(), lane }
    if (!this.#owns(item.place)) this.#abandon(item)
    this.#checkDrained()
  }

  #abandon(item: Item): void {
    const { retry } = item
    retry?.cancel()
    this.#forget(item)
    if (retry) this.#lanes.dropHeld(retry.lane)
  }

  #finishAfter(item: Item, records: { attempt?: Attempt; deadLetter?: DeadLetter }): void {
    this.#record(item.place.partition, records, () => {
      this.#answered.add(item.delivery.deliveryId)
      for (const { partition, slot } of item.slots) partition.tracker.finish(slot)
      this.#forget(item)
    })
  }

  #record(partition: number, records: { attempt?: Attempt; deadLetter?: DeadLetter }, acknowledged: () => void): void {
    this.#unacknowledged++
    this.#ports.record(partition, records, () => {
      this.#unacknowledged--
      acknowledged()
      this.#checkRoom()
      this.#checkDrained()
    })
  }

  #take({ topic, partition, offset }: Place): { partition: Partition; slot: Slot } {
    const key = `${topic}/${partition}`
    let state = this.#partitions.get(key)
    if (!state) {
      state = { topic, partition, tracker: new OffsetTracker(), committed: null }
      this.#partitions.set(key, state)
    }
    return { partition: state, slot: state.tracker.take(offset) }
  }

  #owns({ topic, partition }: Place): boolean {
    return this.#owned.partitions.get(topic)?.includes(partition) ?? false
  }

  #forget(item: Item): void {
    if (this.#held.delete(item.delivery.deliveryId)) this.#heldBytes -= item.delivery.body.length
  }

  #checkRoom(): void {
    if (
      !this.#lackedRoom ||
      this.#held.size > this.#limits.maxHeld / 2 ||
      this.#heldBytes > this.#limits.maxHeldBytes / 2
    )
      return
    this.#lackedRoom = false
    this.#ports.onRoom()
  }

  #checkDrained(): void {
    if (this.#drained && this.#lanes.inFlight === 0 && this.#unacknowledged === 0) this.#drained()
  }
}
