import { expect, test } from 'vitest'
import { type BreakerState, gate, initialBreaker, onResult } from '../../services/dispatcher/engine/gate/breaker.ts'
import { figure } from '../support/figure.ts'
import { seeded, VirtualClock } from '../support/simulation.ts'

const seed = Number(process.env.HOOKLINE_SEED ?? 17)
const worlds = 200
const tenMinutesMs = 600_000

type Request = { startedAtMs: number; endedAtMs: number; ok: boolean; probe: boolean }
type Opening = { atMs: number; byProbe: boolean }
type Log = { requests: Request[]; openings: Opening[]; closings: number[] }

/** A webhook with constant traffic, and a receiver that alternately works and fails, for two virtual hours. */
function run(worldSeed: number): Log {
  const random = seeded(worldSeed)
  const clock = new VirtualClock()
  const endMs = clock.nowMs + 12 * tenMinutesMs
  const everyMs = 50 + random() * 10_000
  const longestMs = random() * 30_000
  const spellMs = 60_000 + random() * 3 * tenMinutesMs
  const log: Log = { requests: [], openings: [], closings: [] }
  let state: BreakerState = initialBreaker()
  let ill = random()

  const land = (request: Request) => {
    const before = state
    state = onResult(before, request, clock.nowMs)
    log.requests.push(request)
    if (state.state === 'open' && before.state !== 'open')
      log.openings.push({ atMs: clock.nowMs, byProbe: request.probe })
    if (state.state === 'closed' && before.state !== 'closed') log.closings.push(clock.nowMs)
  }
  const ask = () => {
    const asked = gate(state, clock.nowMs)
    if (asked.kind === 'probe') state = asked.started
    if (asked.kind !== 'blocked') {
      const latencyMs = Math.floor(random() * longestMs)
      const startedAtMs = clock.nowMs
      const request = {
        startedAtMs,
        endedAtMs: startedAtMs + latencyMs,
        ok: random() >= ill,
        probe: asked.kind === 'probe',
      }
      clock.after(latencyMs, () => land(request))
    }
    if (clock.nowMs < endMs) clock.after(Math.floor(1 + random() * 2 * everyMs), ask)
  }
  const change = () => {
    ill = random() < 0.5 ? random() * 0.2 : random()
    if (clock.nowMs < endMs) clock.after(Math.floor(random() * 2 * spellMs), change)
  }
  clock.after(0, ask)
  clock.after(0, change)
  while (clock.step());
  return log
}

/** The rule of contract.md, 1.9, applied to the requests alone. */
function violations({ requests, openings, closings }: Log): string[] {
  const found: string[] = []
  const changes = [...openings.map(({ atMs }) => atMs), ...closings].sort((a, b) => a - b)
  for (const { atMs, byProbe } of openings) {
    const during = requests.filter(({ startedAtMs }) => startedAtMs > atMs && startedAtMs < atMs + tenMinutesMs)
    if (during.length > 0) found.push(`${during.length} requests while open at ${atMs}`)
    const nextMs = changes.find((changeMs) => changeMs > atMs) ?? Number.POSITIVE_INFINITY
    const probes = requests.filter(({ startedAtMs }) => startedAtMs >= atMs + tenMinutesMs && startedAtMs < nextMs)
    if (probes.length > 1) found.push(`${probes.length} probes after ${atMs}`)
    const sinceMs = Math.max(atMs - tenMinutesMs, closings.findLast((closedMs) => closedMs < atMs) ?? 0)
    const failures = requests.filter(({ ok, endedAtMs }) => !ok && endedAtMs >= sinceMs && endedAtMs <= atMs)
    if (!byProbe && failures.length < 101) found.push(`opened after ${failures.length} failures at ${atMs}`)
  }
  // The breaker does not open too late either: while closed, no ten minutes contain more than 100 failures.
  let failedMs: number[] = []
  for (const { ok, endedAtMs } of requests) {
    const latest = changes.findLast((changeMs) => changeMs < endedAtMs)
    if (latest !== undefined && !closings.includes(latest)) failedMs = []
    else if (!ok) failedMs = [...failedMs.filter((atMs) => atMs >= endedAtMs - tenMinutesMs), endedAtMs]
    if (failedMs.length > 101)
      found.push(`${failedMs.length} failures in ten minutes, and still closed at ${endedAtMs}`)
  }
  return found
}

test(`a breaker opens on more than 100 failures in ten minutes, and only then (${worlds} receivers, two virtual hours each)`, () => {
  let requests = 0
  let opened = 0
  let again = 0
  let closed = 0
  const found: string[] = []
  for (let world = 0; world < worlds; world++) {
    const log = run(seed * 1_000 + world)
    requests += log.requests.length
    opened += log.openings.filter(({ byProbe }) => !byProbe).length
    again += log.openings.filter(({ byProbe }) => byProbe).length
    closed += log.closings.length
    found.push(...violations(log).map((violation) => `world ${world}: ${violation}`))
  }
  figure(
    17,
    `${requests} requests, opened ${opened} times, probes failed ${again} and closed ${closed}: ${found.length} violations, seed ${seed}`,
  )
  expect(found).toEqual([])
  expect(Math.min(opened, again, closed)).toBeGreaterThan(20)
})

test('100 failures leave a breaker closed, and the 101st within 600,000 ms opens it', () => {
  const fail = (times: number[]) =>
    times.reduce((state, atMs) => onResult(state, { ok: false, probe: false }, atMs), initialBreaker()).state
  const hundred = Array.from({ length: 100 }, (_unused, i) => i * 5_000)
  expect(fail(hundred)).toBe('closed')
  expect(fail([...hundred, 600_000])).toBe('open')
  expect(fail([...hundred, 600_001])).toBe('closed')
})
