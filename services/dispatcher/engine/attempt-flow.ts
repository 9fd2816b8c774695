import type { Entry } from '../../domain/definition/definition-table.ts'
import type { DeadLetterReason } from '../../domain/delivery/delivery.ts'
import type { Outcome } from '../../domain/delivery/outcome.ts'
import { SetAside } from '../../platform/runtime/record-faults.ts'
import { deadLetterOf, type Place } from './attempt-record.ts'
import type { HeldItems } from './delivery-pool.ts'
import { type Counted, endOf, followUp, type Plan } from './follow-up.ts'
import type { FaultGates } from './gate/fault-gates.ts'
import type { ReplayPacers } from './gate/replay-pacers.ts'
import { longestHoldMs, type Next } from './gate/retry.ts'
import type { WebhookGates } from './gate/send-gate.ts'
import type { ItemFaults } from './item-faults.ts'
import type { Parking } from './parking/parking.ts'
import type { EngineLimits, EnginePorts, Item, OutcomeRecords, SendResult } from './ports.ts'
import type { Lane } from './scheduling/lane.ts'
import type { LaneScheduler } from './scheduling/lane-scheduler.ts'

export type FlowContext = {
  ports: EnginePorts
  limits: EngineLimits
  lanes: LaneScheduler<Item>
  gates: WebhookGates
  faults: FaultGates
  held: HeldItems
  steps: ItemFaults
  parking: Parking
  pacers: Pick<ReplayPacers, 'take'>
  owns: (place: Place) => boolean
  /** Called when a lane has gone to wait. */
  onIdle: () => void
}

const endings = { success: 'succeeded', refused: 'refused', unreachable: 'hung' } as const

/** What happens to the head of a lane: sent, recorded, and then done, retried, or given up. */
export class Flow {
  readonly #ports: EnginePorts
  readonly #limits: EngineLimits
  readonly #lanes: LaneScheduler<Item>
  readonly #gates: WebhookGates
  readonly #faults: FaultGates
  readonly #held: HeldItems
  readonly #steps: ItemFaults
  readonly #parking: Parking
  readonly #pacers: FlowContext['pacers']
  readonly #owns: (place: Place) => boolean
  readonly #onIdle: () => void
  /** Webhook -> offset of the definition that ended by 410 or five days of failure, until the definition says so itself. */
  readonly #switchedOff = new Map<string, number>()

  constructor({ ports, limits, lanes, gates, faults, held, steps, parking, pacers, owns, onIdle }: FlowContext) {
    this.#ports = ports
    this.#limits = limits
    this.#lanes = lanes
    this.#gates = gates
    this.#faults = faults
    this.#held = held
    this.#steps = steps
    this.#parking = parking
    this.#pacers = pacers
    this.#owns = owns
    this.#onIdle = onIdle
  }

  /** Sends the head of a lane, unless it is not to be sent any more. */
  start(lane: Lane<Item>, item: Item): void {
    const { place, delivery } = item
    if (this.#held.dropStopped(item)) return this.#lanes.advance(lane)
    const waitMs = item.notBeforeMs - this.#ports.nowMs()
    // Never longer than a lane is held for: it was written by another machine's clock.
    if (waitMs > 0) return this.#wait(lane, item, Math.min(waitMs, longestHoldMs))
    const plan = this.#steps.step(place, delivery, 'deciding whether to send', () => this.#plan(item))
    if (plan instanceof SetAside) return this.#setAside(lane, item, plan)
    switch (plan.kind) {
      case 'giveUp':
        return this.#giveUp(lane, item, plan.reason)
      case 'reject':
        return this.#follow(lane, item, plan.entry, { kind: 'rejected', reason: plan.reason }, this.#ports.nowMs())
      case 'send':
        return this.#send(lane, item, plan.entry, plan.probe)
    }
  }

  /** What is rejected is not sent, and counted as such: it is in webhook-attempts and can be replayed from the dead letters. */
  #plan({ delivery, replayId, place }: Item): Plan {
    const nowMs = this.#ports.nowMs()
    const entry = this.#ports.definition(delivery.webhookId)
    // An id that has gone to another business takes nothing of the former one's with it.
    if (entry?.definition.businessId !== delivery.businessId) return { kind: 'giveUp', reason: 'deleted' }
    const { definition } = entry
    if (!definition.enabled || this.#switchedOff.get(definition.id) === entry.offset) {
      return { kind: 'giveUp', reason: 'disabled' }
    }
    // A replay is asked for by somebody who knows how old it is.
    const isExpired = replayId === null && nowMs - delivery.createdAt > this.#limits.expiryMs
    if (isExpired) return { kind: 'reject', entry, reason: 'expired' }
    const pass = this.#gates.start(definition.id, place.partition, nowMs)
    return pass === 'blocked'
      ? { kind: 'reject', entry, reason: 'breaker' }
      : { kind: 'send', entry, probe: pass === 'probe' }
  }

  #send(lane: Lane<Item>, item: Item, entry: Entry, probe: boolean): void {
    const { place, delivery } = item
    const nowMs = this.#ports.nowMs()
    if (item.replayId !== null) this.#pacers.take(item.queueId, nowMs)
    this.#faults.tried(delivery.webhookId, nowMs)
    const attempt = item.attempts.length + 1
    // A send that throws may have begun all the same: only its first result counts, and none once it was given up.
    let isOpen = true
    const ended = (result: SendResult) => {
      if (!isOpen) return
      isOpen = false
      this.#ended(lane, item, entry, result, probe)
    }
    const sent = this.#steps.step(place, delivery, 'sending', () =>
      this.#ports.send(delivery, attempt, entry.definition, ended),
    )
    if (!(sent instanceof SetAside)) return
    isOpen = false
    this.#setAside(lane, item, sent, probe)
  }

  #ended(lane: Lane<Item>, item: Item, entry: Entry, result: SendResult, probe: boolean): void {
    const { webhookId } = item.delivery
    if (result.kind === 'postponed') {
      this.#wait(lane, item, result.delayMs)
      // Others of the webhook wait for the probe's result: they ask again, as there is none.
      if (probe) this.#probeLost(webhookId)
      return
    }
    if (result.kind === 'fault') return this.#cannotSend(lane, item, probe)
    const { outcome, startedAtMs } = result
    if (this.#faults.open(webhookId)) this.#lanes.wake(webhookId)
    if (outcome.kind !== 'rejected') this.#lanes.answered(lane, outcome.latencyMs, endings[outcome.kind])
    const counted = this.#steps.step(item.place, item.delivery, 'counting an outcome', () =>
      this.#count(item, outcome, startedAtMs, probe),
    )
    if (counted instanceof SetAside) return this.#setAside(lane, item, counted, probe)
    // Before the lane goes on: its next item must see it.
    if (counted.switchOff)
      this.#steps.attempt(item.place, item.delivery, 'switching off', () => this.#switchOff(entry, outcome))
    this.#follow(lane, item, entry, outcome, startedAtMs)
    if (probe || counted.opened || counted.closed) this.#lanes.wake(webhookId)
  }

  /** Takes the outcome into the webhook's gate. */
  #count({ delivery: { webhookId }, place }: Item, outcome: Outcome, startedAtMs: number, probe: boolean): Counted {
    const endedAtMs = endOf(outcome, startedAtMs)
    const blockedBefore = this.#gates.isBlocked(webhookId, endedAtMs)
    // Of a partition that has gone, the new owner counts: a gate left here would be believed when the partition comes back.
    if (this.#owns(place)) this.#gates.onOutcome(webhookId, place.partition, outcome, probe, endedAtMs)
    const blockedNow = this.#gates.isBlocked(webhookId, endedAtMs)
    const switchOff = this.#gates.mustSwitchOff(webhookId, outcome, endedAtMs)
    return { opened: blockedNow && !blockedBefore, closed: blockedBefore && !blockedNow, switchOff }
  }

  /** A fault of ours about one webhook: all that it has waits in webhook-parked, and one is tried from time to time. */
  #cannotSend(lane: Lane<Item>, item: Item, probe: boolean): void {
    const { webhookId } = item.delivery
    this.#faults.close(webhookId, this.#ports.nowMs())
    this.#lanes.learn(webhookId, (answers) => answers.faulted())
    if (probe) this.#probeLost(webhookId)
    if (!this.#owns(item.place)) return this.#wait(lane, item, 0)
    this.#lanes.putBack(lane)
    this.#parking.spillAll(webhookId, 'fault')
    this.#onIdle()
  }

  /** Records the attempt and does what follows it. */
  #follow(lane: Lane<Item>, item: Item, entry: Entry, outcome: Outcome, startedAtMs: number): void {
    const followed = this.#steps.step(item.place, item.delivery, 'recording an attempt', () =>
      this.#record(item, entry, outcome, startedAtMs),
    )
    if (followed instanceof SetAside) return this.#setAside(lane, item, followed)
    if (followed.kind === 'retry') this.#wait(lane, item, followed.delayMs)
    else this.#lanes.advance(lane)
  }

  /** Writes what the attempt leads to. @returns what follows it. */
  #record(item: Item, entry: Entry, outcome: Outcome, startedAtMs: number): Next {
    const [nowMs, random] = [this.#ports.nowMs(), this.#ports.random()]
    const { next, records, tried } = followUp(item, entry, outcome, startedAtMs, nowMs, random)
    if (next.kind === 'retry') this.#held.record(item.place.partition, records, () => {})
    else this.#finishAfter(item, records, next.kind === 'later' ? item.attempts.length + 1 : Number.POSITIVE_INFINITY)
    if (tried) this.#held.attempted(item, tried)
    return next
  }

  #giveUp(lane: Lane<Item>, item: Item, reason: DeadLetterReason): void {
    const { delivery, place } = item
    const given = this.#steps.step(place, delivery, 'giving up', () => {
      const deadLetter = deadLetterOf(delivery, place, reason, item.attempts, this.#ports.nowMs())
      this.#finishAfter(item, { deadLetter }, Number.POSITIVE_INFINITY)
    })
    if (given instanceof SetAside) this.#steps.setAside(item, given)
    this.#lanes.advance(lane)
  }

  /** A step of the lane's head has thrown twice: it becomes a dead letter, and the lane goes on. */
  #setAside(lane: Lane<Item>, item: Item, aside: SetAside, probe = false): void {
    this.#steps.setAside(item, aside)
    this.#lanes.advance(lane)
    if (probe) this.#probeLost(item.delivery.webhookId)
  }

  #probeLost(webhookId: string): void {
    this.#gates.probeLost(webhookId)
    this.#lanes.wake(webhookId)
  }

  #switchOff(entry: Entry, outcome: Outcome): void {
    const { id } = entry.definition
    if (this.#switchedOff.get(id) === entry.offset) return
    this.#switchedOff.set(id, entry.offset)
    const gone = outcome.kind === 'refused' && outcome.status === 410
    this.#ports.disable(entry, gone ? 'the receiver answered 410 Gone' : 'nothing but failures for five days')
  }

  /** Holds the lane until the item is due; in a partition that went to another instance, that one retries. */
  #wait(lane: Lane<Item>, item: Item, delayMs: number): void {
    this.#lanes.hold(lane)
    const timer = this.#ports.after(delayMs, () => {
      delete item.retry
      this.#lanes.resume(lane)
    })
    item.retry = { cancel: () => timer.cancel(), lane, dueMs: this.#ports.nowMs() + delayMs }
    if (!this.#owns(item.place)) this.abandon(item)
    this.#onIdle()
  }

  abandon(item: Item): void {
    const { retry } = item
    retry?.cancel()
    this.#held.forget(item)
    if (retry) this.#lanes.dropHeld(retry.lane)
  }

  /** @param answeredAttempts that the records answer for; Infinity when nothing follows. */
  #finishAfter(item: Item, records: OutcomeRecords, answeredAttempts: number): void {
    const { place, delivery } = item
    this.#held.record(place.partition, records, () => {
      this.#steps.attempt(place, delivery, 'remembering an answer', () =>
        this.#held.answered.add(item.id, answeredAttempts),
      )
      this.#held.finish(item)
    })
  }
}
