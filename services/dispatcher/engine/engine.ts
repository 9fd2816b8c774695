import { strict as assert } from 'node:assert'
import type { AttemptSummary, DeadLetter, Delivery, PendingDelivery } from '../../domain/delivery/delivery.ts'
import type { ReplayOrder } from '../../domain/delivery/replay-orders.ts'
import { type RecordPosition, SetAside } from '../../platform/runtime/record-faults.ts'
import { AttemptFlow } from './attempt-flow.ts'
import { DeliveryPool } from './delivery-pool.ts'
import { FaultGates } from './gate/fault-gates.ts'
import { ReplayPacers } from './gate/replay-pacers.ts'
import { SendGates } from './gate/send-gate.ts'
import { createItem, type Item } from './item.ts'
import { ItemFaults, type MakeLetter } from './item-faults.ts'
import { Joiner } from './joining/joiner.ts'
import { PartitionState, Partitions, type ResumePoint } from './offsets/partition-state.ts'
import { Parking } from './parking/parking.ts'
import { type EngineLimits, type EnginePorts, type Owned, owns, ownsNumber } from './ports.ts'
import type { RestoredPartition } from './restored-partition.ts'
import { createLaneRules, createWebhookLookups } from './scheduling/lane-rules.ts'
import { LaneScheduler } from './scheduling/lane-scheduler.ts'
import { TestNotifications } from './test-notification.ts'

/**
 * The dispatcher's core: takes deliveries in the order of their partition, sends them lane by lane, and says which
 * offsets are finished. It reads no clock and does no I/O, so that it can run under a virtual clock.
 *
 * Invariants: within a lane the next item starts only after the one before has ended or gone to a delay topic; an
 * offset is finished only after the record of its outcome is acknowledged; nothing of an older assignment is ever
 * committed; a webhook's notifications follow one another to webhook-parked and back in their order.
 */
export class Engine {
  readonly gates: SendGates
  readonly joiner: Joiner
  readonly #limits: EngineLimits
  readonly #lanes: LaneScheduler<Item>
  readonly #pacers: ReplayPacers
  readonly #held: DeliveryPool
  readonly #steps: ItemFaults
  readonly #partitions = new Partitions()
  readonly #parking: Parking
  readonly #flow: AttemptFlow
  readonly #tests: TestNotifications
  #owned: Owned = { partitions: new Map(), fresh: true }
  #drained: (() => void) | undefined

  constructor(ports: EnginePorts, limits: EngineLimits) {
    this.#limits = limits
    const gates = new SendGates((webhookId) => ports.definition(webhookId)?.definition, ports)
    const faults = new FaultGates()
    const lookups = createWebhookLookups(ports, gates, faults)
    const held = new DeliveryPool(ports, limits, lookups.definitionOf, () => this.#checkDrained())
    const owns = (position: RecordPosition) => this.#owns(position)
    const steps = new ItemFaults(ports, held, owns)
    const pacers = new ReplayPacers((queueId) => this.#lanes.queues.get(queueId), ports.monotonicMs)
    const rules = createLaneRules(ports, limits, lookups, pacers)
    const lanes = new LaneScheduler<Item>(rules, (lane, item) => this.#flow.attempt(lane, item))
    const shared = { ports, limits, lanes, gates, faults, held, steps, owns, partitions: this.#partitions }
    this.#parking = new Parking({ ...shared, ...lookups })
    this.joiner = new Joiner(shared)
    this.#flow = new AttemptFlow({
      ...shared,
      pacers,
      parking: this.#parking,
      joiner: this.joiner,
      onIdle: () => this.#checkDrained(),
    })
    this.#tests = new TestNotifications(ports, held, steps, () => this.#checkDrained())
    this.gates = gates
    this.#steps = steps
    this.#held = held
    this.#pacers = pacers
    this.#lanes = lanes
  }

  /** Deliveries in memory. */
  get pool(): Pick<DeliveryPool, 'count' | 'bytes' | 'oldestCreatedAt' | 'unacknowledged'> {
    return this.#held
  }

  get inFlight(): number {
    return this.#lanes.inFlight + this.#tests.inFlight
  }

  /** Number of queues with notifications in webhook-parked. */
  get parking(): number {
    return this.#partitions.parkedWebhooks
  }

  /** Whether to take more records of the topic, until onRoom. Replays, which are parked at once, leave room to others. */
  hasRoomFor(topic: string): boolean {
    return topic === this.#limits.replaysTopic ? !this.#held.isCrowded : this.#held.hasRoom
  }

  /** Partition numbers owned at present, for the health snapshots. */
  get partitions(): Iterable<PartitionState> {
    return this.#partitions
  }

  /**
   * Begins a new assignment: records are read again from the last commit. Queued items are dropped; items in flight,
   * or waiting for a retry in a partition that stayed, continue and recognize their record by its delivery id.
   * @returns the partition numbers whose state must be restored before their first record is offered.
   */
  assign(owned: Owned): number[] {
    this.#owned = owned
    this.#held.stopped.rewind()
    const numbers = new Set([...owned.partitions.values()].flat())
    const queued = this.#lanes.takeQueued()
    for (const { parked } of this.#partitions)
      for (const queueId of parked.parking()) queued.push(...parked.endHandover(queueId))
    for (const state of [...this.#partitions]) {
      if (!owned.fresh && numbers.has(state.number)) {
        state.rewind()
        continue
      }
      this.#partitions.delete(state.number)
      this.gates.drop(state.number)
    }
    for (const item of queued) if (!this.joiner.keep(item)) this.#parking.putBack(item)
    for (const item of this.#held.all()) {
      item.dropRecords(owned.fresh || !this.#owns(item.position))
      this.#parking.rewindTo(item)
      if (item.retryDueMs !== null && !this.#owns(item.position)) this.#flow.abandon(item)
    }
    this.#held.setOffsetMapFull(false)
    return [...numbers].filter((number) => !this.#partitions.get(number))
  }

  /** Restores a partition number from the state read from its topics (docs/architecture.md, taking over). */
  restore(number: number, restored: RestoredPartition): void {
    const { gates, answered, stopped } = restored
    assert(ownsNumber(this.#owned, number), `partition ${number} is restored, but not assigned`)
    const state = new PartitionState(number)
    // State left by an earlier ownership is older than the topics.
    this.gates.drop(number)
    state.restore(restored)
    for (const [webhookId, gate] of gates) {
      this.gates.restore(webhookId, number, gate)
      if (gate.breaker.failingSinceMs !== null) this.#lanes.learn(webhookId, (answers) => answers.suspect())
    }
    for (const [replayId, atMs] of stopped) this.#held.stopped.add(replayId, atMs, null)
    for (const [id, attempts] of answered) this.#held.answered.add(id, attempts)
    this.#partitions.set(state)
    this.joiner.restore(state, restored)
  }

  /** Takes note of a new definition: the webhook's id may have moved to another business, or a pause may be over. */
  definitionChanged(webhookId: string, businessId: string): void {
    this.gates.setOwner(webhookId, businessId)
    this.#lanes.wake(webhookId)
  }

  /** Sets where a topic of a partition that stayed continues after the last commit. */
  resume(number: number, topic: string, point: ResumePoint): void {
    this.#partitions.get(number)?.resume(topic, point)
  }

  /** Takes the next record of a partition that is owned: a delivery, its attempts so far, and its replay. */
  offer(
    position: RecordPosition,
    delivery: Delivery,
    attempts: AttemptSummary[] = [],
    replayId: string | null = null,
    ratePerSecond: PendingDelivery['ratePerSecond'] = null,
    givenUpAt: PendingDelivery['givenUpAt'] = null,
  ): void {
    const taken = this.#partitions.get(position.partition)?.take(position.topic, position.offset)
    if (!taken) return
    const met = this.#steps.step(position, delivery, 'taking a delivery', () => {
      const item = createItem({ delivery, replayId, position, taken, attempts, ratePerSecond, givenUpAt })
      this.#held.reads.note(item)
      const why = this.#parking.memory.whyNot(item)
      return this.#held.absorb(item) ? null : { item, why }
    })
    if (met instanceof SetAside) return this.#steps.setAsideTaken(position, taken, delivery, attempts, met)
    if (met) this.#parking.bring(met.item, met.why)
  }

  /** Takes a test notification, which is sent at once. @param draft JSON of an unsaved definition. */
  offerTest(position: RecordPosition, delivery: Delivery, draft: string | null, letter: MakeLetter): void {
    const taken = this.#partitions.take(position)
    if (!taken) return
    const failed = (aside: SetAside) => this.#steps.endAsDeadLetter(position, taken, aside, letter)
    this.#tests.take(position, delivery, taken.finish, draft, failed)
  }

  /** Takes a record that is not a delivery: it is finished at once, or when its dead letter is in Kafka. */
  offerUnsendable(position: RecordPosition, deadLetter?: DeadLetter): void {
    const taken = this.#partitions.take(position)
    if (!taken || !deadLetter) return taken?.finish()
    this.#held.record(position.partition, { deadLetter }, taken.finish)
  }

  /** Takes an order: no more of a replay is sent, wherever it waits, or a blocked webhook is probed now. */
  offerOrder(position: RecordPosition, order: ReplayOrder, writtenAtMs: number): void {
    const taken = this.#partitions.take(position)
    if (!taken) return
    if (order.kind === 'stop') return this.#parking.stopReplay(order.replayId, writtenAtMs, taken.finish)
    taken.finish()
    this.gates.probeNow(order.webhookId)
    this.#lanes.wake(order.webhookId)
  }

  /** Takes a record that failed before it reached the engine. */
  offerFault(position: RecordPosition, aside: SetAside, letter: MakeLetter): void {
    const taken = this.#partitions.take(position)
    if (taken) this.#steps.endAsDeadLetter(position, taken, aside, letter)
  }

  /** Takes parked records back for webhooks that can continue. Called regularly. */
  tick(): void {
    this.gates.tick()
    this.#pacers.forgetIdle()
    this.#parking.tick()
  }

  /**
   * Commits for partitions with changes since the last call: the lowest unfinished offset, with the finished ones
   * above it in the metadata. While these exceed the metadata of a commit, hasRoomFor is false.
   */
  takeCommits(): (RecordPosition & { metadata: string })[] {
    for (const { number } of this.#partitions)
      assert(ownsNumber(this.#owned, number), `partition ${number} is not owned`)
    const { commits, congested } = this.#partitions.takeCommits()
    this.#held.setOffsetMapFull(congested)
    return commits
  }

  /** Makes the next takeCommits return every partition's offsets, whether committed before or not. */
  recommitAll(): void {
    for (const state of this.#partitions) state.forgetCommits()
  }

  /** Stops starting sends. @returns resolves when nothing is in flight and every outcome is in Kafka. */
  drain(): Promise<void> {
    this.#lanes.stop()
    this.#parking.stop()
    this.#tests.stop()
    return new Promise((resolve) => {
      this.#drained = resolve
      this.#checkDrained()
    })
  }

  #owns({ topic, partition }: RecordPosition): boolean {
    return owns(this.#owned, topic, partition, this.#limits.deliveriesTopic)
  }

  #checkDrained(): void {
    if (this.#drained && this.inFlight === 0 && this.#held.unacknowledged === 0) this.#drained()
  }
}
