import type { Entry } from '../domain/definition-table.ts'
import type { DeadLetterReason } from '../domain/delivery.ts'
import type { Outcome } from '../domain/outcome.ts'
import type { FaultGates } from './fault-gates.ts'
import type { WebhookGates } from './gates.ts'
import type { HeldItems } from './held-items.ts'
import type { Lane } from './lane.ts'
import type { LaneScheduler } from './lanes.ts'
import type { Parking } from './parking.ts'
import {
  type EngineLimits,
  type EnginePorts,
  type Item,
  type OutcomeRecords,
  pendingOf,
  type SendResult,
} from './ports.ts'
import { attemptRecord, deadLetterOf, type Place, summaryOf } from './records.ts'
import { decideNext, longestHoldMs } from './retry.ts'

export type FlowContext = {
  ports: EnginePorts
  limits: EngineLimits
  lanes: LaneScheduler<Item>
  gates: WebhookGates
  faults: FaultGates
  held: HeldItems
  parking: Parking
  owns: (place: Place) => boolean
  /** Called when a lane has gone to wait. */
  onIdle: () => void
}

/** What happens to the head of a lane: sent, recorded, and then done, retried, or given up. */
export class Flow {
  readonly #ports: EnginePorts
  readonly #limits: EngineLimits
  readonly #lanes: LaneScheduler<Item>
  readonly #gates: WebhookGates
  readonly #faults: FaultGates
  readonly #held: HeldItems
  readonly #parking: Parking
  readonly #owns: (place: Place) => boolean
  readonly #onIdle: () => void
  /** Webhook -> offset of the definition that ended by 410 or five days of failure, until the definition says so itself. */
  readonly #switchedOff = new Map<string, number>()

  constructor({ ports, limits, lanes, gates, faults, held, parking, owns, onIdle }: FlowContext) {
    this.#ports = ports
    this.#limits = limits
    this.#lanes = lanes
    this.#gates = gates
    this.#faults = faults
    this.#held = held
    this.#parking = parking
    this.#owns = owns
    this.#onIdle = onIdle
  }

  /** Sends the head of a lane, unless it is not to be sent any more. */
  start(lane: Lane<Item>, item: Item): void {
    const { delivery } = item
    const nowMs = this.#ports.nowMs()
    // Never longer than a lane is held for: it was written by another machine's clock.
    if (item.notBeforeMs > nowMs) return this.#wait(lane, item, Math.min(item.notBeforeMs - nowMs, longestHoldMs))
    const entry = this.#ports.definition(delivery.webhookId)
    // An id that has gone to another business takes nothing of the former one's with it.
    if (entry?.definition.businessId !== delivery.businessId) return this.#giveUp(lane, item, 'deleted')
    const { definition } = entry
    if (!definition.enabled || this.#switchedOff.get(definition.id) === entry.offset) {
      return this.#giveUp(lane, item, 'disabled')
    }
    // A replay is asked for by somebody who knows how old it is.
    const isExpired = item.replayId === null && nowMs - delivery.createdAt > this.#limits.expiryMs
    if (isExpired) return this.#reject(lane, item, entry, 'expired')
    const pass = this.#gates.start(definition.id, item.place.partition, nowMs)
    if (pass === 'blocked') return this.#reject(lane, item, entry, 'breaker')
    this.#faults.tried(definition.id, nowMs)
    const attempt = item.attempts.length + 1
    this.#ports.send(delivery, attempt, definition, (result) =>
      this.#ended(lane, item, entry, result, pass === 'probe'),
    )
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
    const { outcome } = result
    if (this.#faults.open(webhookId)) this.#lanes.wake(webhookId)
    if (outcome.kind !== 'rejected') this.#lanes.answered(lane, outcome.latencyMs, outcome.kind === 'unreachable')
    const endedAtMs = endOf(outcome, result.startedAtMs)
    const blockedBefore = this.#gates.isBlocked(webhookId, endedAtMs)
    // Of a partition that has gone, the new owner counts: a gate left here would be believed when the partition comes back.
    if (this.#owns(item.place)) this.#gates.onOutcome(webhookId, item.place.partition, outcome, probe, endedAtMs)
    // Before the lane goes on: its next item must see it.
    if (this.#gates.mustSwitchOff(webhookId, outcome, endedAtMs)) this.#switchOff(entry, outcome)
    this.#follow(lane, item, entry, outcome, result.startedAtMs)
    const blockedNow = this.#gates.isBlocked(webhookId, endedAtMs)
    if (blockedNow && !blockedBefore && entry.definition.whenBlocked === 'park')
      this.#parking.spillAll(webhookId, 'breaker')
    if (probe || blockedBefore !== blockedNow) this.#lanes.wake(webhookId)
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
    const { delivery, replayId, place } = item
    const { definition, offset: definitionOffset } = entry
    const nowMs = this.#ports.nowMs()
    const attempt = item.attempts.length + 1
    const next = decideNext(outcome, attempt, definition.retryProfile, this.#ports.random())
    const facts = { delivery, replayId, definition, definitionOffset, place, attempt, startedAtMs, outcome, next }
    const record = attemptRecord(facts, nowMs)
    if (next.kind !== 'done') this.#held.attempted(item, summaryOf(record))
    switch (next.kind) {
      case 'done':
        this.#finishAfter(item, { attempt: record })
        return this.#lanes.advance(lane)
      case 'retry':
        this.#held.record(place.partition, { attempt: record }, () => {})
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
  #reject(lane: Lane<Item>, item: Item, entry: Entry, reason: 'breaker' | 'expired'): void {
    this.#follow(lane, item, entry, { kind: 'rejected', reason }, this.#ports.nowMs())
  }

  #giveUp(lane: Lane<Item>, item: Item, reason: DeadLetterReason): void {
    const deadLetter = deadLetterOf(item.delivery, item.place, reason, item.attempts, this.#ports.nowMs())
    this.#finishAfter(item, { deadLetter })
    this.#lanes.advance(lane)
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

  #finishAfter(item: Item, records: OutcomeRecords): void {
    const answeredAttempts = records.retry ? item.attempts.length : Number.POSITIVE_INFINITY
    this.#held.record(item.place.partition, records, () => {
      this.#held.answered.add(item.id, answeredAttempts)
      this.#held.finish(item)
    })
  }
}

/** As the attempt's record tells it, so that a fold over webhook-attempts comes to the same. */
function endOf(outcome: Outcome, startedAtMs: number): number {
  return outcome.kind === 'rejected' ? startedAtMs : startedAtMs + Math.round(outcome.latencyMs)
}
