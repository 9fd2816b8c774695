import { expect, test } from 'vitest'
import { SendGates } from '../../../../../services/dispatcher/engine/gate/send-gate.ts'
import type { Outcome } from '../../../../../services/domain/delivery/outcome.ts'
import { definition } from '../../../../support/simulation.ts'

const hourMs = 3_600_000
const minuteMs = 60_000
const failure: Outcome = { kind: 'refused', status: 500, latencyMs: 5 }
const success: Outcome = { kind: 'success', status: 200, latencyMs: 5 }

function openGates(more: Parameters<typeof definition>[1] = {}) {
  const clock = { nowMs: 100 * hourMs, monotonicMs: 0 }
  let webhook = definition('w', { whenBlocked: 'park', ...more })
  const from = { webhookId: 'w', businessId: webhook.businessId }
  const gates = new SendGates(() => webhook, { nowMs: () => clock.nowMs, monotonicMs: () => clock.monotonicMs })
  const end = (outcome: Outcome, probe = false) => gates.onOutcome(from, 3, outcome, probe, clock.nowMs)
  const pass = (ms: number) => {
    clock.nowMs += ms
    clock.monotonicMs += ms
  }
  const moveTo = (businessId: string) => {
    webhook = { ...webhook, businessId }
  }
  return { clock, gates, end, pass, moveTo }
}

test('an outcome tells what it has changed: the 101st failure opens the gate, a probe that succeeds closes it', () => {
  const { clock, gates, end, pass } = openGates()
  for (let failed = 0; failed < 100; failed++) expect(end(failure)).toEqual({ gate: 'unchanged', switchOff: null })
  expect(end(failure)).toEqual({ gate: 'opened', switchOff: null })
  pass(10 * minuteMs)
  expect(gates.start('w', 3, clock.nowMs)).toBe('probe')
  expect(end(success, true)).toEqual({ gate: 'closed', switchOff: null })
})

test('an outcome tells why its webhook is to be switched off: a 410, or five days of failure', () => {
  const { end, pass } = openGates()
  expect(end({ ...failure, status: 410 }).switchOff).toMatch(/410/)
  expect(end(failure).switchOff).toBeNull()
  pass(5 * 24 * hourMs)
  expect(end(failure).switchOff).toMatch(/five days/)
})

test('a paused webhook waits, whatever its breaker says, and not while it is off', () => {
  const paused = openGates({ paused: true })
  expect(paused.gates.waitMs('w')).toBeGreaterThan(minuteMs)
  for (let failed = 0; failed <= 100; failed++) paused.end(failure)
  expect(paused.gates.waitMs('w')).toBe(10 * minuteMs)
  paused.pass(10 * minuteMs)
  expect(paused.gates.requestStart('w')).toBeGreaterThan(minuteMs)
  expect(openGates({ paused: true, enabled: false }).gates.waitMs('w')).toBe(0)
})

test.each([
  ['it is resumed after the first failure', 1, true],
  ['it was resumed before the first failure', -1, false],
])('a webhook that rejects while it is blocked keeps its notifications if %s', (_when, afterMs, keeps) => {
  const resumedAt = new Date(100 * hourMs + afterMs).toISOString()
  const { clock, gates, end } = openGates({ whenBlocked: 'reject', resumedAt })
  for (let failed = 0; failed <= 100; failed++) end(failure)
  expect(gates.isBlocked('w', clock.nowMs)).toBe(true)
  expect([gates.keepsWhileBlocked('w'), gates.waitMs('w') > 0]).toEqual([keeps, keeps])
})

test('asking changes nothing: not what is waited for, and not what is kept of a webhook', () => {
  const { clock, gates, end } = openGates({ rateLimitPerSecond: 10 })
  for (let asked = 0; asked < 3; asked++) expect(gates.waitMs('w')).toBe(0)
  expect([...gates.statesOf(3)]).toEqual([])
  for (let failed = 0; failed <= 100; failed++) end(failure)
  const states = () => structuredClone([...gates.statesOf(3)].map(([, { breaker }]) => breaker))
  const before = states()
  clock.nowMs -= hourMs
  gates.waitMs('w')
  gates.isBlocked('w', clock.nowMs)
  expect(states()).toEqual(before)
})

test('a clock that is set back by an hour lengthens no breaker: after a tick it is open for ten minutes at most', () => {
  const { clock, gates, end, pass } = openGates()
  for (let failed = 0; failed <= 100; failed++) end(failure)
  gates.tick()
  clock.nowMs -= hourMs
  gates.tick()
  expect(gates.waitMs('w')).toBe(10 * minuteMs)
  pass(10 * minuteMs)
  expect(gates.start('w', 3, clock.nowMs)).toBe('probe')
})

test('an id that moves to another business takes no breaker and no pause along, and gets no outcomes of the former one', () => {
  const { clock, gates, end, moveTo } = openGates()
  for (let failed = 0; failed <= 100; failed++) end({ ...failure, retryAfterMs: hourMs })
  expect(gates.isBlocked('w', clock.nowMs)).toBe(true)
  moveTo('another business')
  expect(gates.setOwner('w', 'another business')).toBe(true)
  expect([gates.isBlocked('w', clock.nowMs), gates.waitMs('w'), [...gates.statesOf(3)]]).toEqual([false, 0, []])
  // Requests that were in flight end after the move.
  expect(end(failure)).toEqual({ gate: 'unchanged', switchOff: null })
  expect([...gates.statesOf(3)]).toEqual([])
  gates.onOutcome({ webhookId: 'w', businessId: 'another business' }, 3, failure, false, clock.nowMs)
  const states = [...gates.statesOf(3)].map(([, { businessId, breaker }]) => [businessId, breaker.failures.length])
  expect(states).toEqual([['another business', 1]])
})

test.each([
  ['its own', 'b1', true],
  ['no business, of an earlier version', null, true],
  ["the former owner's", 'former', false],
])('a gate that is restored stays if it is %s', (_what, businessId, stays) => {
  const { clock, gates } = openGates()
  const breaker = { state: 'open', failures: [], openUntilMs: clock.nowMs + minuteMs, failingSinceMs: null } as const
  gates.restore('w', 3, { businessId, breaker, pausedUntilMs: 0 })
  expect(gates.setOwner('w', 'b1')).toBe(!stays)
  expect(gates.isBlocked('w', clock.nowMs)).toBe(stays)
})
