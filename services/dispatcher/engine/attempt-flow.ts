import type { Entry } from '../../domain/definition/definition-table.ts'
import { toDeadLetter } from '../../domain/delivery/dead-letter.ts'
import type { DeadLetterReason } from '../../domain/delivery/delivery.ts'
import type { Outcome } from '../../domain/delivery/outcome.ts'
import { type RecordPosition, SetAside } from '../../platform/runtime/record-faults.ts'
import type { DeliveryPool } from './delivery-pool.ts'
import { type EndedAttempt, ended, endMs, followUp, isUnsent, type Plan, rejected } from './follow-up.ts'
import type { FaultGates } from './gate/fault-gates.ts'
import { planAttempt } from './gate/plan-attempt.ts'
import type { ReplayPacers } from './gate/replay-pacers.ts'
import { longestHoldMs, type Next } from './gate/retry.ts'
import type { GateChange, SendGates } from './gate/send-gate.ts'
import { switchOffReason } from './gate/switch-off-rule.ts'
import type { Item } from './item.ts'
import type { ItemFaults } from './item-faults.ts'
import type { Joiner } from './joining/joiner.ts'
import type { Parking } from './parking/parking.ts'
import type { EngineLimits, EnginePorts, OutcomeRecords, SendResult } from './ports.ts'
import type { Lane } from './scheduling/lane.ts'
import type { LaneScheduler } from './scheduling/lane-scheduler.ts'

export type AttemptFlowContext = {
  ports: EnginePorts
  limits: EngineLimits
  lanes: LaneScheduler<Item>
  gates: SendGates
  faults: FaultGates
  held: DeliveryPool
  steps: ItemFaults
  parking: Parking
  joiner: Pick<Joiner, 'join' | 'awaitsTakeover' | 'adopt'>
  pacers: Pick<ReplayPacers, 'take'>
  owns: (position: RecordPosition) => boolean
  /** Called when a lane begins to wait. */
  onIdle: () => void
}

/** Wait until an earlier notification of the contact may be in Kafka, or a takeover may be over. */
const recordingMs = 20
/** Pause before it is asked again whether this process may decide anything. */
const standingMs = 250

/** How each kind of outcome is reported to AnswerTimes. */
const requestResults = { success: 'succeeded', refused: 'refused', unreachable: 'hung' } as const

/**
 * One attempt, from top to bottom: `attempt` decides about the head of a lane and sends it, `#onResult` handles the
 * result. Every attempt ends in exactly one of four ways: the lane advances (delivered, or dead-lettered), it waits for a
 * retry or for more messages, its messages are joined, or its webhook's notifications go to webhook-parked.
 */
export class AttemptFlow {
  readonly #context: AttemptFlowContext
  /**
   * Webhook -> offset of the definition that a 410, or five days of failure, has switched off. Bridges the time until
   * the change has been written to webhook-config and read back.
   */
  readonly #switchedOff = new Map<string, number>()
  readonly #isSwitchedOff = ({ definition, offset }: Entry) => this.#switchedOff.get(definition.id) === offset

  constructor(context: AttemptFlowContext) {
    this.#context = context
  }

  /** Sends the head of a lane, unless it is no longer to be sent. */
  attempt(lane: Lane<Item>, item: Item): void {
    const { ports, lanes, held, steps, joiner } = this.#context
    if (joiner.awaitsTakeover(item)) return this.#wait(lane, item, recordingMs)
    joiner.adopt(item)
    if (held.dropStopped(item) || held.dropOrphan(item)) return lanes.advance(lane)
    const waitMs = ports.mayStart() ? item.notBeforeMs - ports.nowMs() : standingMs
    // Never longer than a lane may be held: notBeforeMs comes from another machine's clock, which may be ahead.
    if (waitMs > 0) return this.#wait(lane, item, Math.min(waitMs, longestHoldMs))

    const plan = steps.step(item.position, item.delivery, 'deciding whether to send', () =>
      planAttempt(item, this.#context, this.#isSwitchedOff),
    )
    if (plan instanceof SetAside) return this.#setAside(lane, item, plan)
    if (plan.kind === 'giveUp') return this.#giveUp(lane, item, plan.reason)
    if (plan.kind === 'reject') return this.#applyOutcome(lane, item, plan.entry, rejected(plan.reason, ports.nowMs()))
    if (plan.kind === 'wait') return this.#wait(lane, item, recordingMs)
    if (plan.kind === 'join') return this.#join(lane, item, plan.entry)

    const sent = this.#send(item, plan.entry, (result) => this.#onResult(lane, item, plan, result))
    if (sent instanceof SetAside) this.#setAside(lane, item, sent, plan.probe)
  }

  /** Joins messages of a webhook that buffers them, or waits until the window is over. */
  #join(lane: Lane<Item>, item: Item, entry: Entry): void {
    const begun = this.#context.joiner.join(lane, item, entry)
    if (begun instanceof SetAside) this.#setAside(lane, item, begun)
    else if (begun !== null) this.#wait(lane, item, begun)
  }

  /** Handles the result of a send: counts the outcome, records it, and applies it to the lane. */
  #onResult(lane: Lane<Item>, item: Item, { entry, probe }: Plan & { kind: 'send' }, result: SendResult): void {
    const { lanes, faults, steps, ports } = this.#context
    const { position, delivery } = item
    const { webhookId } = delivery
    if (result.kind === 'postponed') {
      this.#wait(lane, item, result.delayMs)
      // The webhook's other lanes are waiting for the probe's result. There will be none, so they check again.
      if (probe) this.#probeLost(webhookId)
      return
    }
    if (result.kind === 'fault') return this.#cannotSend(lane, item, probe)

    const { outcome, startedAtMs } = result
    if (faults.open(webhookId)) lanes.wake(webhookId)
    if (outcome.kind !== 'rejected') lanes.answered(lane, outcome.latencyMs, requestResults[outcome.kind])
    const change = steps.step(position, delivery, 'counting an outcome', () =>
      this.#count(item, outcome, endMs(outcome, startedAtMs), probe),
    )
    if (change instanceof SetAside) return this.#setAside(lane, item, change, probe)
    const { gate, switchOff } = change
    const isSwitchedOff = switchOff !== null && this.#switchedOff.get(webhookId) !== entry.offset
    // Before the lane advances: its next item must see it.
    if (isSwitchedOff)
      steps.attempt(position, delivery, 'switching off', () => {
        this.#switchedOff.set(webhookId, entry.offset)
        ports.disable(entry, switchOff)
      })
    this.#applyOutcome(lane, item, entry, ended(outcome, startedAtMs, isSwitchedOff ? 'switched-off' : gate))
    if (probe || gate !== 'unchanged') lanes.wake(webhookId)
  }

  /** @param ended called at most once, and never after ports.send has thrown, even if a request had started. */
  #send(item: Item, entry: Entry, ended: (result: SendResult) => void): SetAside | undefined {
    const { ports, pacers, faults, steps } = this.#context
    const { position, delivery } = item
    if (item.replayId !== null) pacers.take(item.queueId)
    faults.tried(delivery.webhookId, ports.nowMs())
    let isOpen = true
    const told = (result: SendResult) => {
      if (!isOpen) return
      isOpen = false
      ended(result)
    }
    const sent = steps.step(position, delivery, 'sending', () =>
      ports.send(delivery, item.nextAttempt, entry.definition, told, { isWanted: () => !item.isOrphan }),
    )
    if (!(sent instanceof SetAside)) return undefined
    isOpen = false
    return sent
  }

  /** Applies the outcome to the webhook's gate. After a partition has left, its new owner counts the outcome. */
  #count({ delivery, position }: Item, outcome: Outcome, endedAtMs: number, probe: boolean): GateChange {
    const { gates, owns } = this.#context
    // State added to the gate now would be stale, yet trusted, if the partition came back to this instance.
    return owns(position)
      ? gates.onOutcome(delivery, position.partition, outcome, probe, endedAtMs)
      : { gate: 'unchanged', switchOff: switchOffReason(outcome, undefined, endedAtMs) }
  }

  /**
   * Handles an internal fault about one webhook: its notifications go to webhook-parked, and one is tried every few
   * seconds.
   */
  #cannotSend(lane: Lane<Item>, item: Item, probe: boolean): void {
    const { ports, lanes, faults, parking, owns, onIdle } = this.#context
    const { webhookId } = item.delivery
    faults.close(webhookId, ports.nowMs())
    lanes.learn(webhookId, (answers) => answers.faulted())
    if (probe) this.#probeLost(webhookId)
    if (!owns(item.position)) return this.#wait(lane, item, 0)
    lanes.putBack(lane)
    parking.spillAll(webhookId, 'fault')
    onIdle()
  }

  /** Records the attempt, then makes the lane wait for a retry or advance. */
  #applyOutcome(lane: Lane<Item>, item: Item, entry: Entry, attempt: EndedAttempt): void {
    const { lanes, steps } = this.#context
    const next = steps.step(item.position, item.delivery, 'recording an attempt', () =>
      this.#record(item, entry, attempt),
    )
    if (next instanceof SetAside) return this.#setAside(lane, item, next)
    if (next.kind === 'retry') this.#wait(lane, item, next.delayMs)
    else lanes.advance(lane)
  }

  /** Writes the records of an attempt. @returns the next step: done, retry, later, or dead letter. */
  #record(item: Item, entry: Entry, attempt: EndedAttempt): Next {
    const { ports, held } = this.#context
    const { next, records, tried } = followUp(item, entry, attempt, ports.nowMs(), ports.random())
    if (next.kind === 'retry') held.record(item.position.partition, records, () => {})
    else this.#finishAfter(item, records, next.kind === 'later' ? item.nextAttempt : Number.POSITIVE_INFINITY)
    if (next.kind !== 'retry' && isUnsent(attempt)) held.unsent.add(item)
    if (tried) held.attempted(item, tried)
    return next
  }

  #giveUp(lane: Lane<Item>, item: Item, reason: DeadLetterReason): void {
    const { ports, lanes, held, steps } = this.#context
    const { delivery, position, attempts, givenUpAt } = item
    const given = steps.step(position, delivery, 'giving up', () => {
      const deadLetter = toDeadLetter(delivery, position, reason, attempts, ports.nowMs(), null, givenUpAt)
      this.#finishAfter(item, { deadLetter }, Number.POSITIVE_INFINITY)
      held.unsent.add(item)
    })
    if (given instanceof SetAside) return this.#setAside(lane, item, given)
    lanes.advance(lane)
  }

  /** Ends a lane's head as a dead letter after one of its steps has thrown twice; the lane advances. */
  #setAside(lane: Lane<Item>, item: Item, aside: SetAside, probe = false): void {
    const { steps, lanes, held } = this.#context
    steps.setAside(item, aside)
    held.unsent.add(item)
    lanes.advance(lane)
    if (probe) this.#probeLost(item.delivery.webhookId)
  }

  #probeLost(webhookId: string): void {
    const { gates, lanes } = this.#context
    gates.probeLost(webhookId)
    lanes.wake(webhookId)
  }

  /** Holds the lane until the item is due. If its partition has moved to another instance, that one retries it. */
  #wait(lane: Lane<Item>, item: Item, delayMs: number): void {
    const { ports, lanes, owns, onIdle } = this.#context
    lanes.waitForRetry(lane)
    const timer = ports.after(delayMs, () => {
      item.endRetry()
      lanes.resume(lane)
    })
    item.waitForRetry({ timer, lane, dueMs: ports.nowMs() + delayMs })
    if (!owns(item.position)) this.abandon(item)
    onIdle()
  }

  /** Forgets an item that waits for a retry: its partition's new owner retries it. */
  abandon(item: Item): void {
    const lane = item.endRetry()
    this.#context.held.forget(item)
    if (lane) this.#context.lanes.dropWaiting(lane)
  }

  /** @param answeredAttempts attempts that the records settle: a copy with fewer is a duplicate. Infinity: any copy is. */
  #finishAfter(item: Item, records: OutcomeRecords, answeredAttempts: number): void {
    const { held, steps } = this.#context
    const { position, delivery } = item
    held.record(position.partition, records, () => {
      steps.attempt(position, delivery, 'remembering an answer', () => held.answered.add(item.id, answeredAttempts))
      held.finish(item)
    })
    item.end(answeredAttempts)
  }
}
