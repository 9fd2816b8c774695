import type { WebhookDefinition } from '../../../domain/definition/definition.ts'
import { isPaused, resumedAtMs } from '../../../domain/definition/pause.ts'
import { isSameBusiness } from '../../../domain/definition/same-business.ts'
import type { Delivery } from '../../../domain/delivery/delivery.ts'
import type { Outcome } from '../../../domain/delivery/outcome.ts'
import type { Clock } from '../../../platform/runtime/clock.ts'
import { type BreakerState, endWait, gate, initialBreaker, onResult, probeNotSent } from './breaker.ts'
import { Pacer } from './pacer.ts'
import { retryAfterCapMs } from './retry.ts'
import { switchOffReason } from './switch-off-rule.ts'

/**
 * The part of a webhook's gate that webhook-health keeps, and the business it was made for: null in snapshots of earlier
 * versions. If the webhook's id moves to another business, that one begins without it.
 */
export type GateState = { businessId: string | null; breaker: BreakerState; pausedUntilMs: number }

type WebhookGate = GateState & {
  partition: number
  pacer: Pacer | null
  /** End of the pause on the monotonic clock, which no jump of the time of day shortens or lengthens. */
  pausedUntilMonotonicMs: number
}

/**
 * Wait of a paused webhook until it is asked again. Resuming it wakes it at once; the wait only has to be longer than what
 * may wait in memory.
 */
const pausedWaitMs = 600_000

const openGate = { breaker: initialBreaker(), pausedUntilMs: 0, pausedUntilMonotonicMs: 0, pacer: null }

/** Changes made by an outcome. */
export type GateChange = {
  gate: 'opened' | 'closed' | 'unchanged'
  /** Reason for switching the webhook off in its definition, or null. */
  switchOff: string | null
}

/**
 * Decides whether a webhook may be sent to at a moment, from the pause in its definition, its breaker, the pause that its
 * receiver asked for by Retry-After, and its rate limit. Webhooks without a limit that answer well take no memory.
 */
export class SendGates {
  readonly #gates = new Map<string, WebhookGate>()
  readonly #definition: (webhookId: string) => WebhookDefinition | undefined
  readonly #clock: Pick<Clock, 'nowMs' | 'monotonicMs'>
  #tickedMs = Number.NEGATIVE_INFINITY

  constructor(
    definition: (webhookId: string) => WebhookDefinition | undefined,
    clock: Pick<Clock, 'nowMs' | 'monotonicMs'>,
  ) {
    this.#definition = definition
    this.#clock = clock
  }

  /**
   * Milliseconds until one more request may start; 0 also if its next notification is rejected without a request.
   * Always finite: a probe whose result never comes (its process was killed, its partition came from another instance)
   * is given up after a minute.
   */
  waitMs(webhookId: string): number {
    return this.#startsInMs(webhookId, 'waitMs')
  }

  /** Like waitMs, for a caller that comes back after the wait. */
  requestStart(webhookId: string): number {
    return this.#startsInMs(webhookId, 'request')
  }

  /** Counts a start, which waitMs has allowed. */
  start(webhookId: string, partition: number, nowMs: number): 'pass' | 'probe' | 'blocked' {
    const ratePerSecond = this.#limitRate(webhookId)
    const known = this.#gates.get(webhookId)
    if (!known && ratePerSecond === Number.POSITIVE_INFINITY) return 'pass'
    const state = known ?? this.#open(webhookId, partition)
    state.partition = partition
    const verdict = gate(state.breaker, nowMs)
    if (verdict.kind === 'blocked') return 'blocked'
    if (ratePerSecond !== Number.POSITIVE_INFINITY) state.pacer ??= new Pacer()
    state.pacer?.take(this.#clock.monotonicMs(), ratePerSecond)
    if (verdict.kind === 'pass') return 'pass'
    state.breaker = verdict.started
    return 'probe'
  }

  /** Ends the wait of a blocked webhook: its next notification is sent as the probe. */
  probeNow(webhookId: string): void {
    const state = this.#gates.get(webhookId)
    if (state) state.breaker = endWait(state.breaker, this.#clock.nowMs())
  }

  /** Takes back a probe that was not sent because of an internal fault. */
  probeLost(webhookId: string): void {
    const state = this.#gates.get(webhookId)
    if (state) state.breaker = probeNotSent(state.breaker)
  }

  /**
   * Applies the outcome of a request. A rejected one says nothing about the receiver, and one for the business that had
   * the id before says nothing about the webhook.
   */
  onOutcome(
    { webhookId, businessId }: Pick<Delivery, 'webhookId' | 'businessId'>,
    partition: number,
    outcome: Outcome,
    probe: boolean,
    nowMs: number,
  ): GateChange {
    if (!isSameBusiness(this.businessOf(webhookId), businessId))
      return { gate: 'unchanged', switchOff: switchOffReason(outcome, undefined, nowMs) }
    const before = this.isBlocked(webhookId, nowMs)
    this.#count(webhookId, partition, outcome, probe, nowMs)
    const now = this.isBlocked(webhookId, nowMs)
    return {
      gate: before === now ? 'unchanged' : now ? 'opened' : 'closed',
      switchOff: switchOffReason(outcome, this.#gates.get(webhookId)?.breaker, nowMs),
    }
  }

  /** Restores a gate from a takeover. */
  restore(webhookId: string, partition: number, { businessId, breaker, pausedUntilMs }: GateState): void {
    const nowMs = this.#clock.nowMs()
    const leftMs = Math.min(Math.max(0, pausedUntilMs - nowMs), retryAfterCapMs)
    const pausedUntilMonotonicMs = this.#clock.monotonicMs() + leftMs
    const state = { businessId, breaker, pausedUntilMs, pausedUntilMonotonicMs, partition, pacer: null }
    correct(state, nowMs)
    this.#gates.set(webhookId, state)
  }

  /** Corrects waits after the clock was set back. Called several times a minute. */
  tick(): void {
    const nowMs = this.#clock.nowMs()
    if (nowMs < this.#tickedMs) for (const state of this.#gates.values()) correct(state, nowMs)
    this.#tickedMs = nowMs
  }

  /** Forgets the webhooks of a partition number that moved to another instance. */
  drop(partition: number): void {
    for (const [webhookId, state] of this.#gates) if (state.partition === partition) this.#gates.delete(webhookId)
  }

  /**
   * Forgets the gate of a business that had the webhook's id before.
   * @returns whether there was one.
   */
  setOwner(webhookId: string, businessId: string): boolean {
    const known = this.#gates.get(webhookId)?.businessId
    return !isSameBusiness(known, businessId) && this.#gates.delete(webhookId)
  }

  /** Whether the breaker blocks the webhook. */
  isBlocked(webhookId: string, nowMs: number): boolean {
    const state = this.#gates.get(webhookId)
    return state !== undefined && gate(state.breaker, nowMs).kind === 'blocked'
  }

  /** Whether the webhook is paused in its definition. */
  isPaused(webhookId: string): boolean {
    const definition = this.#definition(webhookId)
    return definition !== undefined && isPaused(definition)
  }

  /**
   * Whether a blocked webhook's notifications wait for the end of the block: by its definition, or because it has been
   * resumed and nothing has succeeded since. What a pause has kept would otherwise be rejected.
   */
  keepsWhileBlocked(webhookId: string): boolean {
    const definition = this.#definition(webhookId)
    if (!definition) return false
    const failingSinceMs = this.#gates.get(webhookId)?.breaker.failingSinceMs ?? Number.POSITIVE_INFINITY
    return definition.whenBlocked === 'park' || failingSinceMs <= resumedAtMs(definition)
  }

  /** Gates of a partition number's webhooks that failed lately or are paused. */
  *statesOf(partition: number): Iterable<[string, GateState]> {
    for (const entry of this.#gates) if (entry[1].partition === partition) yield entry
  }

  /** The webhook's business by its definition; null without one. */
  businessOf(webhookId: string): string | null {
    return this.#definition(webhookId)?.businessId ?? null
  }

  /** @param ask the pacer's method: request tells it that the caller comes back. */
  #startsInMs(webhookId: string, ask: 'waitMs' | 'request'): number {
    if (this.isPaused(webhookId)) return pausedWaitMs
    const state = this.#gates.get(webhookId)
    if (!state) return 0
    const blockedMs = this.#blockedMs(webhookId, state)
    return blockedMs ?? state.pacer?.[ask](this.#clock.monotonicMs(), this.#limitRate(webhookId)) ?? 0
  }

  /** Milliseconds for which the breaker or a pause blocks the webhook; null if neither does. */
  #blockedMs(webhookId: string, state: WebhookGate): number | null {
    const nowMs = this.#clock.nowMs()
    const verdict = gate(state.breaker, nowMs)
    if (verdict.kind === 'blocked') {
      const waits = state.breaker.state === 'halfOpen' || this.keepsWhileBlocked(webhookId)
      return waits ? Math.max(1, verdict.untilMs - nowMs) : 0
    }
    const pauseMs = state.pausedUntilMonotonicMs - this.#clock.monotonicMs()
    return pauseMs > 0 ? pauseMs : null
  }

  #limitRate(webhookId: string): number {
    return this.#definition(webhookId)?.rateLimitPerSecond ?? Number.POSITIVE_INFINITY
  }

  #count(webhookId: string, partition: number, outcome: Outcome, probe: boolean, nowMs: number): void {
    if (outcome.kind === 'rejected') return probe ? this.probeLost(webhookId) : undefined
    const known = this.#gates.get(webhookId)
    if (!known && outcome.kind === 'success') return
    const state = known ?? this.#open(webhookId, partition)
    state.partition = partition
    const before = state.breaker.state
    state.breaker = onResult(state.breaker, { ok: outcome.kind === 'success', probe }, nowMs)
    if (before === 'halfOpen' && state.breaker.state === 'closed') {
      state.pacer ??= new Pacer()
      state.pacer.ramp(this.#clock.monotonicMs())
    }
    if (outcome.kind === 'refused' && outcome.retryAfterMs !== undefined) {
      const pauseMs = Math.min(outcome.retryAfterMs, retryAfterCapMs)
      state.pausedUntilMs = nowMs + pauseMs
      state.pausedUntilMonotonicMs = this.#clock.monotonicMs() + pauseMs
    }
    this.#forgetIdle(webhookId, state)
  }

  #open(webhookId: string, partition: number): WebhookGate {
    const state: WebhookGate = { ...openGate, businessId: this.businessOf(webhookId), partition }
    this.#gates.set(webhookId, state)
    return state
  }

  #forgetIdle(webhookId: string, state: WebhookGate): void {
    if (state.breaker === initialBreaker() && !state.pacer && state.pausedUntilMonotonicMs <= this.#clock.monotonicMs())
      this.#gates.delete(webhookId)
  }
}

/** Limits a breaker's time to the latest it can be, in case the clock was set back. */
function correct(state: WebhookGate, nowMs: number): void {
  const verdict = gate(state.breaker, nowMs)
  if (verdict.kind === 'blocked') state.breaker = verdict.state
}
