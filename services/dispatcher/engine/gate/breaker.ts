import { breakerWindowMs } from '../../../domain/delivery/webhook-snapshot.ts'

/**
 * The circuit breaker of one webhook (contract.md, 1.9) as a fold over the results of its attempts: plain values in, plain
 * values out, so that its state stands in a record as it is. Own code: opossum and cockatiel keep state and timers inside.
 *
 * Reported are answers of the receiver and failures to reach it; not our own faults, and not refused addresses.
 * - closed: all is sent. More than 100 failures within 10 minutes open it; a success between them changes nothing, as
 *   the rule counts failures. Both ends of these minutes are included.
 * - open: nothing is sent for 10 minutes. What was in flight then still ends: it neither shortens nor lengthens them.
 * - halfOpen: one probe is in flight. Its success closes the breaker and forgets the failures, its failure opens it for
 *   10 more minutes; other results decide nothing.
 */
export type BreakerState = {
  readonly state: 'closed' | 'open' | 'halfOpen'
  /** While closed: times of the latest failures, ascending, at most 100. */
  readonly failures: readonly number[]
  /** While open: when the probe may go. While half-open: when it went. While closed: 0. */
  readonly openUntilMs: number
  /** The first failure since the last success. */
  readonly failingSinceMs: number | null
}

export type BreakerResult = { ok: boolean; probe: boolean }

/** Whether one more request may go to the webhook. */
export type BreakerDecision =
  | { kind: 'pass' }
  /** One may; whoever sends it keeps `started` in place of the state it asked with. */
  | { kind: 'probe'; started: BreakerState }
  /** Ask again at untilMs, or after the probe's result, with `state`: it differs when the clock was set back. */
  | { kind: 'blocked'; untilMs: number; state: BreakerState }

const minuteMs = 60_000
const maxFailures = 100
const openMs = 10 * minuteMs
/** A probe without a result for so long is lost (its process died): twice the longest timeoutMs of a definition. */
const probeLostMs = minuteMs
const disableAfterMs = 5 * 24 * 60 * minuteMs

const initial: BreakerState = Object.freeze({
  state: 'closed',
  failures: Object.freeze([]),
  openUntilMs: 0,
  failingSinceMs: null,
})
const pass: BreakerDecision = Object.freeze({ kind: 'pass' })

/** The state of a webhook that nothing is known of: always the same object, so 10,000 of them cost nothing. */
export function initialBreaker(): BreakerState {
  return initial
}

/**
 * The state after an attempt has ended.
 * @param result probe: it is the request that gate allowed as one.
 * @param nowMs when it ended. Times of the state that lie behind it (the clock was set back) are taken as now.
 */
export function onResult(state: BreakerState, result: BreakerResult, nowMs: number): BreakerState {
  const failingSinceMs = result.ok ? null : Math.min(state.failingSinceMs ?? nowMs, nowMs)
  switch (state.state) {
    case 'closed':
      return result.ok ? forgetting(state, nowMs) : counting(state, failingSinceMs, nowMs)
    case 'open':
      return waiting({ ...state, failingSinceMs }, nowMs)
    case 'halfOpen':
      if (!result.probe) return { ...state, failingSinceMs }
      return result.ok ? initial : opened(failingSinceMs, nowMs)
  }
}

/** Whether one more may be sent now. Changes nothing by itself. */
export function gate(state: BreakerState, nowMs: number): BreakerDecision {
  switch (state.state) {
    case 'closed':
      return pass
    case 'open': {
      if (nowMs >= state.openUntilMs) return probe(state, nowMs)
      const waited = waiting(state, nowMs)
      return { kind: 'blocked', untilMs: waited.openUntilMs, state: waited }
    }
    case 'halfOpen': {
      if (nowMs >= state.openUntilMs + probeLostMs) return probe(state, nowMs)
      const sent = state.openUntilMs <= nowMs ? state : { ...state, openUntilMs: nowMs }
      return { kind: 'blocked', untilMs: sent.openUntilMs + probeLostMs, state: sent }
    }
  }
}

/** The probe could not be sent after all (a fault of ours): the next one may go at once. */
export function probeNotSent(state: BreakerState): BreakerState {
  return state.state === 'halfOpen' ? { ...state, state: 'open' } : state
}

/**
 * The state after a recorded attempt, for folding webhook-attempts: no mark says which was the probe, but while the
 * breaker is not closed nothing else starts after openUntilMs.
 */
export function onAttempt(
  state: BreakerState,
  attempt: { ok: boolean; startedAtMs: number; endedAtMs: number },
): BreakerState {
  const { ok, startedAtMs, endedAtMs } = attempt
  const probe = state.state !== 'closed' && startedAtMs >= state.openUntilMs
  return onResult(probe ? { ...state, state: 'halfOpen' } : state, { ok, probe }, endedAtMs)
}

/** Five days of failure without one success (contract.md, section 3). Asked after a failed attempt: what is not tried does not fail. */
export function shouldDisable(state: BreakerState, nowMs: number): boolean {
  return state.failingSinceMs !== null && nowMs - state.failingSinceMs >= disableAfterMs
}

function counting(state: BreakerState, failingSinceMs: number | null, nowMs: number): BreakerState {
  const recent = state.failures.filter((atMs) => nowMs - atMs <= breakerWindowMs).map((atMs) => Math.min(atMs, nowMs))
  if (recent.length === maxFailures) return opened(failingSinceMs, nowMs)
  return { ...state, failures: [...recent, nowMs], failingSinceMs }
}

/** A success while closed. Costs nothing in the usual case; failures that no longer count are let go with the last one. */
function forgetting(state: BreakerState, nowMs: number): BreakerState {
  const latestMs = state.failures.at(-1)
  if (latestMs === undefined || nowMs - latestMs > breakerWindowMs) return initial
  return state.failingSinceMs === null ? state : { ...state, failingSinceMs: null }
}

function opened(failingSinceMs: number | null, nowMs: number): BreakerState {
  return { state: 'open', failures: [], openUntilMs: nowMs + openMs, failingSinceMs }
}

/** Never longer than ten minutes from now: a clock set back by an hour does not make them seventy. */
function waiting(state: BreakerState, nowMs: number): BreakerState {
  return state.openUntilMs <= nowMs + openMs ? state : { ...state, openUntilMs: nowMs + openMs }
}

function probe(state: BreakerState, nowMs: number): BreakerDecision {
  return { kind: 'probe', started: { ...state, state: 'halfOpen', openUntilMs: nowMs } }
}
