import type { WebhookDefinition } from '../domain/definition.ts'
import type {
  Attempt,
  AttemptSummary,
  DeadLetter,
  DeadLetterReason,
  Delivery,
  PendingDelivery,
} from '../domain/delivery.ts'
import type { Outcome } from '../domain/outcome.ts'
import { WebhookGates } from './gates.ts'
import { type Lane, LaneScheduler } from './lanes.ts'
import { encodeOffsetMap } from './offset-map.ts'
import type { OffsetTracker, Slot } from './offsets.ts'
import { PartitionState, type ResumePoint } from './partition.ts'
import { RecentIds } from './recent-ids.ts'
import { attemptRecord, deadLetterOf, type Place, summaryOf } from './records.ts'
import type { RestoredPartition } from './restore.ts'
import { decideNext, type Tier } from './retry.ts'

/** How one send ended: an outcome of the receiver's, or a fault of ours, after which the same is tried again later. */
export type SendResult = { startedAtMs: number } & (
  | { kind: 'outcome'; outcome: Outcome }
  | { kind: 'postponed'; delayMs: number; reason: string }
)

/** What is to be written to Kafka, in the partition number of the delivery. */
export type OutcomeRecords = {
  attempt?: Attempt
  deadLetter?: DeadLetter
  /** For a delay topic. */
  retry?: { tier: Tier; pending: PendingDelivery }
  /** For webhook-parked. */
  parked?: PendingDelivery
}

/** Offsets that the records got; null for records that were not asked for. */
export type Written = { parkedOffset: number | null; attemptOffset: number | null }

/** The world outside: everything that takes time or chance. Callbacks may come in any order, never from inside the call. */
export type EnginePorts = {
  nowMs(): number
  random(): number
  /** The definition in force at this moment. */
  definition(webhookId: string): WebhookDefinition | undefined
  send(delivery: Delivery, attempt: number, definition: WebhookDefinition, ended: (result: SendResult) => void): void
  /** @param acknowledged called once all of them are there. */
  record(partition: number, records: OutcomeRecords, acknowledged: (written: Written) => void): void
  /** Reads webhook-parked from one offset to before another. */
  readParked(
    partition: number,
    fromOffset: number,
    toOffset: number,
    onRecord: (offset: number, pending: PendingDelivery) => void,
    done: () => void,
  ): void
  after(delayMs: number, due: () => void): { cancel(): void }
  /** Switches the webhook off, in its definition. */
  disable(definition: WebhookDefinition, reason: string): void
  /** Called when there is room again after hasRoom was false. */
  onRoom(): void
}

export type EngineLimits = {
  /** Name of webhook-deliveries, whose order is kept. */
  deliveriesTopic: string
  /** Requests in flight of the whole process. */
  maxInFlight: number
  /** Deliveries held in memory: queued, in flight, or waiting for a retry or for their record's acknowledgement. */
  maxHeld: number
  maxHeldBytes: number
  /** Of one webhook, so many wait in its lanes; the rest goes to webhook-parked. */
  maxQueuedOfWebhook: number
  /** Delivery ids remembered as answered for. */
  recentIds: number
  /** Older notifications are not sent any more. */
  expiryMs: number
}

/** What the engine needs to know of the consumer's assignment. */
export type Owned = {
  readonly partitions: ReadonlyMap<string, readonly number[]>
  /** Whether the group was joined anew: another instance may have had the partitions meanwhile. */
  readonly fresh: boolean
}

type Item = {
  readonly delivery: Delivery
  readonly place: Place
  /** Every record that this send answers for: a duplicate that comes meanwhile is finished with it. */
  readonly slots: { owner: { finish(slot: Slot): void }; slot: Slot }[]
  /** Offset in webhook-parked, of an item that was taken from there. */
  readonly parkedOffset: number | null
  attempts: AttemptSummary[]
  forgotten: boolean
  retry?: { cancel(): void; lane: Lane<Item> }
}

/** So many offsets of webhook-parked are read at a time. */
const drainSlice = 2_000

/**
 * The dispatcher's core: takes deliveries in the order of their partition, sends them lane by lane, and says which
 * offsets are finished. It reads no clock and does no I/O, so that it runs under a virtual clock as well.
 *
 * Invariants: within a lane the next item starts only after the one before has ended or gone to a delay topic; an offset
 * is finished only after the record of its outcome is acknowledged; nothing of an older assignment is ever committed; a
 * webhook's notifications follow one another to webhook-parked and back in their order.
 */
export class Engine {
  readonly #ports: EnginePorts
  readonly #limits: EngineLimits
  readonly #lanes: LaneScheduler<Item>
  readonly #gates: WebhookGates
  readonly #answered: RecentIds
  /** Unfinished items by delivery id. */
  readonly #held = new Map<string, Item>()
  readonly #partitions = new Map<number, PartitionState>()
  /** Versions of definitions that ended by 410 or five days of failure, until the definition says so itself. */
  readonly #switchedOff = new Map<string, number>()
  #heldCount = 0
  #heldBytes = 0
  #unacknowledged = 0
  #lackedRoom = false
  #congested = false
  #owned: Owned = { partitions: new Map(), fresh: true }
  #drained: (() => void) | undefined

  constructor(ports: EnginePorts, limits: EngineLimits) {
    this.#ports = ports
    this.#limits = limits
    this.#answered = new RecentIds(limits.recentIds)
    this.#gates = new WebhookGates((webhookId) => ports.definition(webhookId))
    this.#lanes = new LaneScheduler(
      {
        maxInFlight: limits.maxInFlight,
        maxInFlightOf: (webhookId) => ports.definition(webhookId)?.maxInFlight ?? 1,
        waitMs: (webhookId) => this.#gates.waitMs(webhookId, ports.nowMs()),
        after: ports.after,
      },
      (lane, item) => this.#start(lane, item),
    )
  }

  get held(): number {
    return this.#heldCount
  }

  get inFlight(): number {
    return this.#lanes.inFlight
  }

  /** Webhooks whose notifications are in webhook-parked. */
  get parking(): number {
    let count = 0
    for (const { parked } of this.#partitions.values()) count += parked.size
    return count
  }

  get gates(): WebhookGates {
    return this.#gates
  }

  /** While false, take no more records; onRoom tells when it changes. */
  get hasRoom(): boolean {
    const room =
      !this.#congested && this.#heldCount < this.#limits.maxHeld && this.#heldBytes < this.#limits.maxHeldBytes
    if (!room) this.#lackedRoom = true
    return room
  }

  /**
   * Begins with a new assignment: records are read again from the last commit on. What is queued is dropped; what is in
   * flight, or waits for a retry in a partition that stayed, goes on and meets its record again by its delivery id.
   * @returns the partition numbers whose state must be restored before their first record is offered.
   */
  assign(owned: Owned): number[] {
    this.#owned = owned
    this.#congested = false
    const numbers = new Set([...owned.partitions.values()].flat())
    const queued = this.#lanes.takeQueued()
    for (const [number, state] of this.#partitions) {
      if (!owned.fresh && numbers.has(number)) {
        state.rewind()
        continue
      }
      this.#partitions.delete(number)
      this.#gates.drop(number)
    }
    for (const item of queued) this.#putBack(item)
    for (const item of [...this.#held.values()]) {
      item.slots.length = 0
      if (item.parkedOffset !== null)
        this.#partitions.get(item.place.partition)?.putBackParked(item.delivery.webhookId, item.parkedOffset)
      if (item.retry && !this.#owns(item.place)) this.#abandon(item)
    }
    const unknown = [...numbers].filter((number) => !this.#partitions.has(number))
    this.#checkRoom()
    return unknown
  }

  /** Takes over a partition number as its topics tell it (design.md, taking over a partition). */
  restore(number: number, { resume, parked, gates, answered }: RestoredPartition): void {
    const state = new PartitionState(number)
    for (const [topic, point] of resume) state.resume(topic, point)
    for (const [webhookId, range] of parked) state.parked.restore(webhookId, range)
    for (const [webhookId, gate] of gates) this.#gates.restore(webhookId, number, gate)
    for (const [id, attempts] of answered) this.#answered.add(id, attempts)
    this.#partitions.set(number, state)
  }

  /** For a partition that stayed: where the last commit says that a topic goes on. */
  resume(number: number, topic: string, point: ResumePoint): void {
    this.#state(number).resume(topic, point)
  }

  /** Takes the next record of a topic's partition: a delivery, and what was tried so far. */
  offer(place: Place, delivery: Delivery, attempts: AttemptSummary[] = []): void {
    const state = this.#state(place.partition)
    const taken = state.take(place.topic, place.offset)
    if (!taken) return
    if (this.#answered.has(delivery.deliveryId, attempts.length)) return taken.owner.finish(taken.slot)
    const twin = this.#held.get(delivery.deliveryId)
    if (twin) return void twin.slots.push(taken)
    const item: Item = { delivery, place, slots: [taken], parkedOffset: null, attempts, forgotten: false }
    this.#hold(item)
    const { webhookId, contactId } = delivery
    const offset = place.topic === this.#limits.deliveriesTopic ? place.offset : null
    if (state.parked.isParking(webhookId) ? state.parked.mustFollow(webhookId, offset) : this.#isFull(webhookId)) {
      this.#park(item, 'overflow', offset ?? state.position(this.#limits.deliveriesTopic))
    } else this.#lanes.enqueue(webhookId, contactId, item)
  }

  /** Takes a record that is not a delivery: finished at once, or when its dead letter is in Kafka. */
  offerUnsendable(place: Place, deadLetter?: DeadLetter): void {
    const taken = this.#state(place.partition).take(place.topic, place.offset)
    if (!taken) return
    if (!deadLetter) return taken.owner.finish(taken.slot)
    this.#record(place.partition, { deadLetter }, () => taken.owner.finish(taken.slot))
  }

  /** To be called from time to time: takes parked records back where their webhooks can go on. */
  tick(): void {
    for (const state of this.#partitions.values())
      if (state.draining === null && state.parked.size > 0) this.#drainParked(state)
  }

  /**
   * What to commit, of partitions where it has changed since the last call: the lowest unfinished offset, and in the
   * metadata the finished ones above it. While a partition's do not fit there, hasRoom is false.
   */
  takeCommits(): (Place & { metadata: string })[] {
    let congested = false
    const describe = (tracker: OffsetTracker, watermark: number) => {
      const metadata = encodeOffsetMap(watermark, tracker.unfinished(), tracker.next ?? watermark)
      if (metadata === null) congested = true
      return metadata ?? ''
    }
    const commits = [...this.#partitions.values()].flatMap((state) =>
      state.changed(describe).map((commit) => ({ ...commit, partition: state.number })),
    )
    this.#congested = congested
    this.#checkRoom()
    return commits
  }

  /** Forgets what takeCommits has handed out: a commit failed, the next call gives everything again. */
  commitFailed(): void {
    for (const state of this.#partitions.values()) state.forgetCommits()
  }

  /** Partitions owned at present, for the health snapshots. */
  partitions(): Iterable<PartitionState> {
    return this.#partitions.values()
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
    const nowMs = this.#ports.nowMs()
    const definition = this.#ports.definition(delivery.webhookId)
    if (!definition) return this.#giveUp(lane, item, 'deleted')
    if (!definition.enabled || this.#switchedOff.get(definition.id) === definition.version) {
      return this.#giveUp(lane, item, 'disabled')
    }
    if (nowMs - delivery.createdAt > this.#limits.expiryMs) return this.#reject(lane, item, definition, 'expired')
    const pass = this.#gates.start(definition.id, nowMs)
    if (pass === 'blocked') return this.#reject(lane, item, definition, 'breaker')
    const attempt = item.attempts.length + 1
    this.#ports.send(delivery, attempt, definition, (result) =>
      this.#ended(lane, item, definition, result, pass === 'probe'),
    )
  }

  #ended(lane: Lane<Item>, item: Item, definition: WebhookDefinition, result: SendResult, probe: boolean): void {
    const { webhookId } = item.delivery
    if (result.kind === 'postponed') {
      if (probe) this.#gates.probeLost(webhookId)
      return this.#wait(lane, item, result.delayMs)
    }
    const { outcome } = result
    const endedAtMs = endOf(outcome, result.startedAtMs)
    const blockedBefore = this.#gates.isBlocked(webhookId, endedAtMs)
    this.#gates.onOutcome(webhookId, item.place.partition, outcome, probe, endedAtMs)
    // Before the lane goes on: its next item must see it.
    if (this.#gates.mustSwitchOff(webhookId, outcome, endedAtMs)) this.#switchOff(definition, outcome)
    this.#follow(lane, item, definition, outcome, result.startedAtMs)
    const blockedNow = this.#gates.isBlocked(webhookId, endedAtMs)
    if (blockedNow && !blockedBefore && definition.whenBlocked === 'park') this.#spill(webhookId, item.place.partition)
    if (probe || blockedBefore !== blockedNow) this.#lanes.wake(webhookId)
  }

  /** Records the attempt and does what follows it. */
  #follow(lane: Lane<Item>, item: Item, definition: WebhookDefinition, outcome: Outcome, startedAtMs: number): void {
    const { delivery, place } = item
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
      case 'later': {
        const pending = pendingOf(item, 'retry', nowMs + next.delayMs)
        this.#finishAfter(item, { attempt: record, retry: { tier: next.tier, pending } })
        return this.#lanes.advance(lane)
      }
      case 'deadLetter': {
        const deadLetter = deadLetterOf(delivery, place, next.reason, item.attempts, nowMs)
        this.#finishAfter(item, { attempt: record, deadLetter })
        return this.#lanes.advance(lane)
      }
    }
  }

  /** Not sent, and counted as such: it is in webhook-attempts and can be replayed from the dead letters. */
  #reject(lane: Lane<Item>, item: Item, definition: WebhookDefinition, reason: 'breaker' | 'expired'): void {
    this.#follow(lane, item, definition, { kind: 'rejected', reason }, this.#ports.nowMs())
  }

  #giveUp(lane: Lane<Item>, item: Item, reason: DeadLetterReason): void {
    const deadLetter = deadLetterOf(item.delivery, item.place, reason, item.attempts, this.#ports.nowMs())
    this.#finishAfter(item, { deadLetter })
    this.#lanes.advance(lane)
  }

  #switchOff(definition: WebhookDefinition, outcome: Outcome): void {
    if (this.#switchedOff.get(definition.id) === definition.version) return
    this.#switchedOff.set(definition.id, definition.version)
    const gone = outcome.kind === 'refused' && outcome.status === 410
    this.#ports.disable(definition, gone ? 'the receiver answered 410 Gone' : 'nothing but failures for five days')
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

  /**
   * Moves what the webhook has waiting in memory to webhook-parked, in the order of its lanes, so that its offsets need not
   * wait for ten minutes. What others there would have to wait for stays in memory: there is little of it.
   */
  #spill(webhookId: string, partition: number): void {
    const state = this.#state(partition)
    if (state.parked.isParking(webhookId)) return
    const items = this.#lanes.takeQueued(webhookId)
    const offsets = items
      .filter(({ place }) => place.topic === this.#limits.deliveriesTopic)
      .map(({ place }) => place.offset)
    const since = Math.min(state.position(this.#limits.deliveriesTopic), ...offsets)
    for (const item of items) this.#park(item, 'breaker', since)
  }

  #park(item: Item, why: PendingDelivery['why'], since: number): void {
    const { delivery, place } = item
    const { parked } = this.#state(place.partition)
    const parkedSince = parked.writing(delivery.webhookId, since)
    const pending = { ...pendingOf(item, why, this.#ports.nowMs()), parkedSince }
    // Its earlier record in webhook-parked, if there is one, is not answered for by this one: its place is before it.
    this.#held.delete(delivery.deliveryId)
    this.#record(place.partition, { parked: pending }, ({ parkedOffset }) => {
      if (parkedOffset !== null) parked.written(delivery.webhookId, parkedOffset)
      this.#finish(item)
    })
  }

  #isFull(webhookId: string): boolean {
    return this.#lanes.itemsOf(webhookId) >= this.#limits.maxQueuedOfWebhook
  }

  /** An unsent item is taken again later: from webhook-parked, or from its topic after the next assignment. */
  #putBack(item: Item): void {
    this.#forget(item)
    if (item.parkedOffset === null) return
    this.#partitions.get(item.place.partition)?.putBackParked(item.delivery.webhookId, item.parkedOffset)
  }

  #drainParked(state: PartitionState): void {
    const { parked } = state
    const nowMs = this.#ports.nowMs()
    const able = new Set(parked.waiting().filter((webhookId) => this.#canDrain(state, webhookId, nowMs)))
    if (able.size === 0 || !this.hasRoom) return
    const from = Math.min(...[...able].map((webhookId) => parked.fromOf(webhookId)))
    const to = Math.min(from + drainSlice, 1 + Math.max(...[...able].map((webhookId) => parked.lastOf(webhookId))))
    state.draining = able
    const isCurrent = () => state.draining === able && this.#partitions.get(state.number) === state
    const onRecord = (offset: number, pending: PendingDelivery) => {
      const { webhookId } = pending.delivery
      if (!isCurrent() || !able.has(webhookId) || offset < parked.fromOf(webhookId)) return
      if (!this.#isFull(webhookId)) this.#takeParked(state, offset, pending)
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
      this.#lanes.itemsOf(webhookId) <= this.#limits.maxQueuedOfWebhook / 2
    )
  }

  #takeParked({ number, parked }: PartitionState, offset: number, { delivery, attempts }: PendingDelivery): void {
    const { webhookId, contactId, deliveryId } = delivery
    const slot = parked.take(webhookId, offset)
    const taken = { owner: { finish: (finished: Slot) => parked.finish(webhookId, finished) }, slot }
    if (this.#answered.has(deliveryId, attempts.length)) return taken.owner.finish(slot)
    const twin = this.#held.get(deliveryId)
    if (twin) return void twin.slots.push(taken)
    const place = { topic: 'webhook-parked', partition: number, offset }
    const item: Item = { delivery, place, slots: [taken], parkedOffset: offset, attempts, forgotten: false }
    this.#hold(item)
    this.#lanes.enqueue(webhookId, contactId, item)
  }

  #finishAfter(item: Item, records: OutcomeRecords): void {
    const answeredAttempts = records.retry ? item.attempts.length : Number.POSITIVE_INFINITY
    this.#record(item.place.partition, records, () => {
      this.#answered.add(item.delivery.deliveryId, answeredAttempts)
      this.#finish(item)
    })
  }

  #finish(item: Item): void {
    for (const { owner, slot } of item.slots) owner.finish(slot)
    this.#forget(item)
  }

  #record(partition: number, records: OutcomeRecords, acknowledged: (written: Written) => void): void {
    this.#unacknowledged++
    this.#ports.record(partition, records, (written) => {
      this.#unacknowledged--
      acknowledged(written)
      this.#checkRoom()
      this.#checkDrained()
    })
  }

  #state(number: number): PartitionState {
    let state = this.#partitions.get(number)
    if (!state) {
      state = new PartitionState(number)
      this.#partitions.set(number, state)
    }
    return state
  }

  #owns({ partition }: Place): boolean {
    return (
      this.#partitions.has(partition) ||
      [...this.#owned.partitions.values()].some((numbers) => numbers.includes(partition))
    )
  }

  #hold(item: Item): void {
    this.#held.set(item.delivery.deliveryId, item)
    this.#heldCount++
    this.#heldBytes += item.delivery.body.length
  }

  #forget(item: Item): void {
    if (item.forgotten) return
    item.forgotten = true
    if (this.#held.get(item.delivery.deliveryId) === item) this.#held.delete(item.delivery.deliveryId)
    this.#heldCount--
    this.#heldBytes -= item.delivery.body.length
  }

  #checkRoom(): void {
    if (!this.#lackedRoom || this.#congested) return
    if (this.#heldCount > this.#limits.maxHeld / 2 || this.#heldBytes > this.#limits.maxHeldBytes / 2) return
    this.#lackedRoom = false
    this.#ports.onRoom()
  }

  #checkDrained(): void {
    if (this.#drained && this.#lanes.inFlight === 0 && this.#unacknowledged === 0) this.#drained()
  }
}

/** As the attempt's record tells it, so that a fold over webhook-attempts comes to the same. */
export function endOf(outcome: Outcome, startedAtMs: number): number {
  return outcome.kind === 'rejected' ? startedAtMs : startedAtMs + Math.round(outcome.latencyMs)
}

function pendingOf(item: Item, why: PendingDelivery['why'], dueAt: number): PendingDelivery {
  return { delivery: item.delivery, attempts: item.attempts, dueAt, why, replayId: null, parkedSince: null }
}
