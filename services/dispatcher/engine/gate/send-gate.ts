import type { WebhookDefinition } from '../../../domain/definition/definition.ts'
import type { Outcome } from '../../../domain/delivery/outcome.ts'
import type { Clock } from '../../../platform/runtime/clock.ts'
import { type BreakerState, type Gate, gate, initialBreaker, onResult, probeNotSent, shouldDisable } from './breaker.ts'
import { Pacer } from './pacer.ts'
import { retryAfterCapMs } from './retry.ts'

/** What is kept of a webhook's gate in webhook-health. */
export type GateState = { breaker: BreakerState; pausedUntilMs: number }

type WebhookGate = GateState & {
  partition: number
  pacer: Pacer | null
  /** The end of the pause on the monotonic clock, which no jump of the time of day shortens or lengthens. */
  pausedUntilMonotonicMs: number
}

/** Of a gate that nothing has passed yet: it knows no more than the definition. */
const unknownPartition = -1

/**
 * Whether a webhook may be sent to at a moment: its breaker, the pause that its receiver asked for by Retry-After, and
 * its rate limit. Webhooks that answer well, without a limit, take no memory.
 */
export class WebhookGates {
  readonly #gates = new Map<string, WebhookGate>()
  readonly #definition: (webhookId: string) => WebhookDefinition | undefined
  readonly #clock: Pick<Clock, 'nowMs' | 'monotonicMs'>

  constructor(
    definition: (webhookId: string) => WebhookDefinition | undefined,
    clock: Pick<Clock, 'nowMs' | 'monotonicMs'>,
  ) {
    this.#definition = definition
    this.#clock = clock
  }

  /**
   * Milliseconds until one more may start; 0 also where starting means to be rejected. Always finite: a probe whose result
   * never comes (its process was killed, the partition came from another instance) is given up after a minute.
   */
  waitMs(webhookId: string, nowMs: number): number {
    const definition = this.#definition(webhookId)
    const rate = definition?.rateLimitPerSecond
    const state = this.#gates.get(webhookId)
    if (!state) return rate === undefined ? 0 : this.#pace(this.#open(webhookId, unknownPartition), rate, nowMs)
    const verdict = this.#verdict(state, nowMs)
    if (verdict.kind === 'blocked') {
      const waits = state.breaker.state === 'halfOpen' || definition?.whenBlocked === 'park'
      return waits ? Math.max(1, verdict.untilMs - nowMs) : 0
    }
    const pauseMs = state.pausedUntilMonotonicMs - this.#clock.monotonicMs()
    if (pauseMs > 0) return pauseMs
    return this.#pace(state, rate, nowMs)
  }

  /** Counts a start, which waitMs has allowed. */
  start(webhookId: string, partition: number, nowMs: number): 'pass' | 'probe' | 'blocked' {
    const state = this.#gates.get(webhookId)
    if (!state) return 'pass'
    state.partition = partition
    const verdict = this.#verdict(state, nowMs)
    if (verdict.kind === 'blocked') return 'blocked'
    state.pacer?.take(nowMs)
    if (verdict.kind === 'pass') return 'pass'
    state.breaker = verdict.started
    return 'probe'
  }

  /** The probe was not sent after all, for a fault of ours. */
  probeLost(webhookId: string): void {
    const state = this.#gates.get(webhookId)
    if (state) state.breaker = probeNotSent(state.breaker)
  }

  /** Takes in how a request ended; what was rejected tells nothing of the receiver. */
  onOutcome(webhookId: string, partition: number, outcome: Outcome, probe: boolean, nowMs: number): void {
    if (outcome.kind === 'rejected') return probe ? this.probeLost(webhookId) : undefined
    const known = this.#gates.get(webhookId)
    if (!known && outcome.kind === 'success') return
    const state = known ?? this.#open(webhookId, partition)
    state.partition = partition
    const before = state.breaker.state
    state.breaker = onResult(state.breaker, { ok: outcome.kind === 'success', probe }, nowMs)
    if (before === 'halfOpen' && state.breaker.state === 'closed') {
      state.pacer ??= new Pacer(Number.POSITIVE_INFINITY)
      state.pacer.ramp(nowMs)
    }
    if (outcome.kind === 'refused' && outcome.retryAfterMs !== undefined) {
      const pauseMs = Math.min(outcome.retryAfterMs, retryAfterCapMs)
      state.pausedUntilMs = nowMs + pauseMs
      state.pausedUntilMonotonicMs = this.#clock.monotonicMs() + pauseMs
    }
    this.#forgetIdle(webhookId, state)
  }

  /** As a takeover found it. */
  restore(webhookId: string, partition: number, { breaker, pausedUntilMs }: GateState): void {
    const leftMs = Math.min(Math.max(0, pausedUntilMs - this.#clock.nowMs()), retryAfterCapMs)
    const pausedUntilMonotonicMs = this.#clock.monotonicMs() + leftMs
    this.#gates.set(webhookId, { breaker, pausedUntilMs, pausedUntilMonotonicMs, partition, pacer: null })
  }

  /** Forgets the webhooks of a partition number that went to another instance. */
  drop(partition: number): void {
    for (const [webhookId, state] of this.#gates) if (state.partition === partition) this.#gates.delete(webhookId)
  }

  /** The breaker keeps the webhook from being sent to. */
  isBlocked(webhookId: string, nowMs: number): boolean {
    const state = this.#gates.get(webhookId)
    return state !== undefined && this.#verdict(state, nowMs).kind === 'blocked'
  }

  /** 410, or five days of failure without one success. */
  mustSwitchOff(webhookId: string, outcome: Outcome, nowMs: number): boolean {
    if (outcome.kind === 'refused' && outcome.status === 410) return true
    const state = this.#gates.get(webhookId)
    return outcome.kind !== 'success' && state !== undefined && shouldDisable(state.breaker, nowMs)
  }

  /** The webhooks of a partition number that failed lately or are paused. */
  *statesOf(partition: number): Iterable<[string, GateState]> {
    for (const entry of this.#gates) if (entry[1].partition === partition) yield entry
  }

  #open(webhookId: string, partition: number): WebhookGate {
    const state = { breaker: initialBreaker(), pausedUntilMs: 0, pausedUntilMonotonicMs: 0, partition, pacer: null }
    this.#gates.set(webhookId, state)
    return state
  }

  #verdict(state: WebhookGate, nowMs: number): Gate {
    const verdict = gate(state.breaker, nowMs)
    if (verdict.kind === 'blocked') state.breaker = verdict.state
    return verdict
  }

  #pace(state: WebhookGate, ratePerSecond: number | undefined, nowMs: number): number {
    if (ratePerSecond !== undefined && !state.pacer) state.pacer = new Pacer(ratePerSecond)
    state.pacer?.setRate(ratePerSecond ?? Number.POSITIVE_INFINITY)
    return state.pacer?.delayMs(nowMs) ?? 0
  }

  #forgetIdle(webhookId: string, state: WebhookGate): void {
    if (state.breaker === initialBreaker() && !state.pacer && state.pausedUntilMonotonicMs <= this.#clock.monotonicMs())
      this.#gates.delete(webhookId)
  }
}
