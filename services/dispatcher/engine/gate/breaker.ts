import { blockMs, breakerFailures, breakerWindowMs } from '../../../domain/delivery/webhook-snapshot.ts'

/**
 * Circuit breaker of one webhook (contract.md, 1.9) as a fold over the results of its attempts: plain values in, plain
 * values out, so that a record can hold its state as it is. Own code: opossum and cockatiel keep state and timers
 * inside.
 *
 * Reported are answers of the receiver and failures to reach it; not internal faults, and not refused addresses.
 * - closed: everything is sent. More than 100 failures within 10 minutes open it; a success between them changes
 *   nothing, because the rule counts failures. Both ends of these minutes are included.
 * - open: nothing is sent for 10 minutes. Requests that were in flight still end: they neither shorten nor lengthen
 *   the wait.
 * - halfOpen: one probe is in flight. Its success closes the breaker and forgets the failures; its failure opens it
 *   for 10 more minutes; other results decide nothing.
 */
export type BreakerState = {
  readonly state: 'closed' | 'open' | 'halfOpen'
  /** While closed: times of the latest failures, ascending, at most 100. */
  readonly failures: readonly number[]
  /** While open: when the probe may start. While half-open: when it started. While closed: 0. */
  readonly openUntilMs: number
  /** The first failure since the last success. */
  readonly failingSinceMs: number | null
}

export type BreakerResult = { ok: boolean; probe: boolean }

/** Whether one more request may go to the webhook. */
export type BreakerDecision =
  | { kind: 'pass' }
  /** One request may, as a probe; its sender keeps `started` as the new state. */
  | { kind: 'probe'; started: BreakerState }
  /** Ask again at untilMs, or after the probe's result, with `state`, which differs if the clock was set back. */
  | { kind: 'blocked'; untilMs: number; state: BreakerState }

const minuteMs = 60_000
/**
 * Time after which a probe without a result is lost because its process died: twice the longest timeoutMs of a
 * definition.
 */
const probeLostMs = minuteMs
const disableAfterMs = 5 * 24 * 60 * minuteMs

const initial: BreakerState = Object.freeze({
  state: 'closed',
  failures: Object.freeze([]),
  openUntilMs: 0,
  failingSinceMs: null,
})
const pass: BreakerDecision = Object.freeze({ kind: 'pass' })

/** State of a webhook without failures. It is one object for all webhooks, so that 10,000 of them take no memory. */
export function initialBreaker(): BreakerState {
  return initial
}

/**
 * State after an attempt has ended.
 * @param result probe: the request was allowed as the probe.
 * @param nowMs when it ended. Later times in the state (the clock was set back) are treated as nowMs.
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

/** Whether one more request may be sent now. Changes nothing by itself. */
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

/** Ends the wait of an open breaker: the next request is its probe. */
export function endWait(state: BreakerState, nowMs: number): BreakerState {
  return state.state === 'open' && state.openUntilMs > nowMs ? { ...state, openUntilMs: nowMs } : state
}

/** Takes back a probe that was not sent because of an internal fault: the next one may start at once. */
export function probeNotSent(state: BreakerState): BreakerState {
  return state.state === 'halfOpen' ? { ...state, state: 'open' } : state
}

/**
 * State after a recorded attempt, for folding webhook-attempts. Nothing marks the probe in a record, but while the
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

/**
 * Five days of failure without one success (contract.md, section 3). Checked after a failed attempt: without attempts
 * there are no failures.
 */
export function shouldDisable(state: BreakerState, nowMs: number): boolean {
  return state.failingSinceMs !== null && nowMs - state.failingSinceMs >= disableAfterMs
}

function counting(state: BreakerState, failingSinceMs: number | null, nowMs: number): BreakerState {
  const recent = state.failures.filter((atMs) => nowMs - atMs <= breakerWindowMs).map((atMs) => Math.min(atMs, nowMs))
  if (recent.length === breakerFailures) return opened(failingSinceMs, nowMs)
  return { ...state, failures: [...recent, nowMs], failingSinceMs }
}

/**
 * State after a success while closed. Usually costs nothing; failures that no longer count are dropped with the last
 * one.
 */
function forgetting(state: BreakerState, nowMs: number): BreakerState {
  const latestMs = state.failures.at(-1)
  if (latestMs === undefined || nowMs - latestMs > breakerWindowMs) return initial
  return state.failingSinceMs === null ? state : { ...state, failingSinceMs: null }
}

function opened(failingSinceMs: number | null, nowMs: number): BreakerState {
  return { state: 'open', failures: [], openUntilMs: nowMs + blockMs, failingSinceMs }
}

/** Limits the wait to ten minutes from now, so that a clock set back by an hour does not make it seventy. */
function waiting(state: BreakerState, nowMs: number): BreakerState {
  return state.openUntilMs <= nowMs + blockMs ? state : { ...state, openUntilMs: nowMs + blockMs }
}

function probe(state: BreakerState, nowMs: number): BreakerDecision {
  return { kind: 'probe', started: { ...state, state: 'halfOpen', openUntilMs: nowMs } }
}
