import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  type BreakerState,
  gate,
  initialBreaker,
  onAttempt,
  onResult,
  probeNotSent,
  shouldDisable,
} from '../../../../../services/dispatcher/engine/gate/breaker.ts'

const t0 = 1_700_000_000_000
const tenMinutesMs = 600_000
const hourMs = 3_600_000
const dayMs = 24 * hourMs

const failure = { ok: false, probe: false }
const success = { ok: true, probe: false }

/** A breaker after this many failures, evenly spaced from one time to another. */
function failing(times: number, fromMs: number, toMs: number, from = initialBreaker()): BreakerState {
  let state = from
  for (let i = 0; i < times; i++)
    state = onResult(state, failure, times === 1 ? toMs : fromMs + Math.floor(((toMs - fromMs) * i) / (times - 1)))
  return state
}

const open = () => failing(101, t0, t0)

function halfOpen(nowMs = t0 + tenMinutesMs): BreakerState {
  const asked = gate(open(), nowMs)
  if (asked.kind !== 'probe') throw new Error(asked.kind)
  return asked.started
}

describe('closed', () => {
  test.each([
    ['none', initialBreaker(), 'closed'],
    ['100 at once', failing(100, t0, t0), 'closed'],
    ['101 at once', failing(101, t0, t0), 'open'],
    ['100 in ten minutes', failing(100, t0, t0 + tenMinutesMs), 'closed'],
    ['101, the last exactly ten minutes after the first', failing(101, t0, t0 + tenMinutesMs), 'open'],
    ['101, the last a millisecond later than that', failing(101, t0, t0 + tenMinutesMs + 1), 'closed'],
    ['10,000 at 9 a minute', failing(10_000, t0, t0 + (10_000 * 60_000) / 9), 'closed'],
  ])('a closed breaker counts failures within ten minutes: %s', (_name, state, expected) => {
    expect(state.state).toBe(expected)
    expect(state.failures.length).toBeLessThanOrEqual(100)
  })

  test('a success between failures does not make a closed breaker forget them', () => {
    const state = onResult(failing(100, t0, t0 + 1_000), success, t0 + 1_000)
    expect(state.state).toBe('closed')
    expect(onResult(state, failure, t0 + 1_000).state).toBe('open')
  })

  test('a closed breaker lets every request pass', () => {
    expect(gate(failing(100, t0, t0), t0)).toEqual({ kind: 'pass' })
  })

  test('a closed breaker uses no memory for successes, and drops failures that no longer count', () => {
    expect(onResult(initialBreaker(), success, t0)).toBe(initialBreaker())
    const state = failing(100, t0, t0)
    expect(onResult(state, success, t0 + tenMinutesMs).failures).toHaveLength(100)
    expect(onResult(state, success, t0 + tenMinutesMs + 1)).toBe(initialBreaker())
  })
})

describe('open', () => {
  test.each([
    [0, 'blocked'],
    [tenMinutesMs - 1, 'blocked'],
    [tenMinutesMs, 'probe'],
    [tenMinutesMs + hourMs, 'probe'],
  ])('an open breaker, %d ms after opening: %s', (elapsedMs, kind) => {
    const asked = gate(open(), t0 + elapsedMs)
    expect(asked.kind).toBe(kind)
    if (asked.kind === 'blocked') expect(asked).toEqual({ kind, untilMs: t0 + tenMinutesMs, state: open() })
  })

  test.each([failure, success])(
    'results of requests in flight neither lengthen nor shorten the block: $ok',
    (result) => {
      const state = onResult(open(), result, t0 + 30_000)
      expect(state).toMatchObject({ state: 'open', openUntilMs: t0 + tenMinutesMs, failures: [] })
    },
  )
})

describe('half-open', () => {
  test('a half-open breaker admits exactly one probe', () => {
    expect(gate(halfOpen(), t0 + tenMinutesMs).kind).toBe('blocked')
    expect(gate(halfOpen(), t0 + tenMinutesMs + 30_000).kind).toBe('blocked')
  })

  test('a successful probe closes the breaker and clears its failures', () => {
    expect(onResult(halfOpen(), { ok: true, probe: true }, t0 + tenMinutesMs + 50)).toBe(initialBreaker())
  })

  test('a failed probe opens the breaker for ten more minutes', () => {
    const state = onResult(halfOpen(), { ok: false, probe: true }, t0 + tenMinutesMs + 50)
    expect(state).toMatchObject({ state: 'open', openUntilMs: t0 + 2 * tenMinutesMs + 50, failingSinceMs: t0 })
  })

  test.each([failure, success])('late results of other requests do not affect a half-open breaker: $ok', (result) => {
    const state = onResult(halfOpen(), result, t0 + tenMinutesMs + 50)
    expect(state).toMatchObject({ state: 'halfOpen', openUntilMs: t0 + tenMinutesMs })
  })

  test('a probe that could not be sent, or whose process died, is followed by another probe', () => {
    expect(gate(probeNotSent(halfOpen()), t0 + tenMinutesMs).kind).toBe('probe')
    expect(gate(halfOpen(), t0 + tenMinutesMs + 59_999).kind).toBe('blocked')
    expect(gate(halfOpen(), t0 + tenMinutesMs + 60_000).kind).toBe('probe')
    expect(probeNotSent(initialBreaker())).toBe(initialBreaker())
  })
})

describe('the clock is set back by an hour', () => {
  test('an open breaker whose clock is set back an hour stays open for ten minutes, not seventy', () => {
    const asked = gate(open(), t0 - hourMs)
    if (asked.kind !== 'blocked') throw new Error(asked.kind)
    expect(asked.untilMs).toBe(t0 - hourMs + tenMinutesMs)
    expect(gate(asked.state, t0 - hourMs + tenMinutesMs).kind).toBe('probe')
  })

  test('a half-open breaker whose clock is set back an hour replaces a lost probe after a minute', () => {
    const asked = gate(halfOpen(), t0 - hourMs)
    if (asked.kind !== 'blocked') throw new Error(asked.kind)
    expect(gate(asked.state, t0 - hourMs + 60_000).kind).toBe('probe')
  })

  test('a closed breaker whose clock is set back an hour counts earlier failures from now, for ten minutes at most', () => {
    const state = failing(1, 0, t0 - hourMs, failing(99, t0, t0))
    expect(onResult(state, failure, t0 - hourMs).state).toBe('open')
    expect(onResult(state, failure, t0 - hourMs + tenMinutesMs + 1).failures).toHaveLength(1)
    expect(state.failingSinceMs).toBe(t0 - hourMs)
  })
})

describe('failing without one success', () => {
  test.each([
    [initialBreaker(), t0 + 9 * dayMs, false],
    [failing(1, t0, t0), t0 + 5 * dayMs - 1, false],
    [failing(1, t0, t0), t0 + 5 * dayMs, true],
    [onResult(failing(1, t0, t0), success, t0 + dayMs), t0 + 5 * dayMs, false],
    [open(), t0 + 5 * dayMs, true],
    [onResult(open(), success, t0 + 1), t0 + 5 * dayMs, false],
    [onResult(halfOpen(), { ok: false, probe: true }, t0 + hourMs), t0 + 5 * dayMs, true],
    [failing(1, t0, t0), t0 - hourMs, false],
  ])('five days without a success switch the webhook off: case %#', (state, nowMs, expected) => {
    expect(shouldDisable(state, nowMs)).toBe(expected)
  })
})

type Step = { waitMs: number; ok: boolean; latencyMs: number }

const steps = fc.array(
  fc.record({
    waitMs: fc.oneof({ weight: 100, arbitrary: fc.nat(300) }, { weight: 1, arbitrary: fc.nat(2 * tenMinutesMs) }),
    ok: fc.oneof({ weight: 9, arbitrary: fc.constant(false) }, { weight: 1, arbitrary: fc.constant(true) }),
    latencyMs: fc.nat(30_000),
  }),
  { minLength: 120, maxLength: 600, size: 'max' },
)

/** Runs a dispatcher that sends as often as it may, sometimes at the exact moment, with results in their own order. */
function live(sending: Step[]) {
  type Flight = { startedAtMs: number; endedAtMs: number; ok: boolean; probe: boolean }
  let state = initialBreaker()
  let nowMs = t0
  let flying: Flight[] = []
  const ended: Flight[] = []
  let probes = 0
  const land = (untilMs: number) => {
    for (const flight of flying.filter((one) => one.endedAtMs <= untilMs).sort((a, b) => a.endedAtMs - b.endedAtMs)) {
      state = onResult(state, flight, flight.endedAtMs)
      ended.push(flight)
    }
    flying = flying.filter((one) => one.endedAtMs > untilMs)
  }
  for (const { waitMs, ok, latencyMs } of sending) {
    nowMs = waitMs % 50 === 0 ? Math.max(nowMs, state.openUntilMs) : nowMs + waitMs
    land(nowMs)
    const asked = gate(state, nowMs)
    if (asked.kind === 'blocked') continue
    if (asked.kind === 'probe') {
      state = asked.started
      probes++
    }
    flying.push({ startedAtMs: nowMs, endedAtMs: nowMs + latencyMs, ok, probe: asked.kind === 'probe' })
  }
  land(Number.POSITIVE_INFINITY)
  return { state, ended, probes }
}

test('folding the attempts restores the live state of a breaker', () => {
  let probed = 0
  fc.assert(
    fc.property(steps, (sending) => {
      const { state, ended, probes } = live(sending)
      expect(ended.reduce(onAttempt, initialBreaker())).toEqual(state)
      if (probes > 0) probed++
    }),
    { numRuns: 500, endOnFailure: true },
  )
  expect(probed, 'runs with a probe').toBeGreaterThan(50)
})

test('a snapshot and the attempts after it restore the live state of a breaker', () => {
  fc.assert(
    fc.property(steps, fc.double({ min: 0, max: 1, noNaN: true }), (sending, share) => {
      const { state, ended } = live(sending)
      const cut = Math.floor(ended.length * share)
      const snapshot = JSON.parse(JSON.stringify(ended.slice(0, cut).reduce(onAttempt, initialBreaker())))
      expect(ended.slice(cut).reduce(onAttempt, snapshot as BreakerState)).toEqual(state)
    }),
    { numRuns: 200, endOnFailure: true },
  )
})
