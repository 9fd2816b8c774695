import { expect, test } from 'vitest'
import { report } from '../../simulation/command/report.ts'
import { argumentsOf, part, shrink } from '../../simulation/command/shrink.ts'
import { planOf } from '../../simulation/plan.ts'
import { type Run, simulate } from '../../simulation/simulate.ts'

/** A seed takes about 50 ms of a core. `npm run simulate` runs as many as wanted, on all cores. */
const seeds = Number(process.env.HOOKLINE_PIPELINE_SEEDS ?? 1_000)
/** Further seeds, which have shown a defect. */
const failedBefore = [
  1693, 2207, 3957, 4703, 5587, 7166, 10663, 12029, 12168, 12816, 15756, 16007, 16040, 21663, 41469, 111052, 113853,
  136007, 309121, 309379, 326521, 352624, 352870, 358725, 700639,
]

test(`whatever is killed, paused or away, each notification arrives in order or has a dead letter (${seeds} seeds)`, {
  timeout: 60_000 + seeds * 2_000,
}, async () => {
  const seen = { requests: 0, deadLetters: 0, parked: 0, joined: 0, superseded: 0, replayed: 0 }
  for (const seed of [...failedBefore, ...Array.from({ length: seeds }, (_unused, index) => index + 1)]) {
    const plan = planOf(seed)
    const run = await simulate(plan)
    if (run.violations.length > 0) expect.unreachable(report(plan, await shrink(plan, run)))
    seen.requests += run.requests
    seen.deadLetters += run.records['webhook-dead-letters'] ?? 0
    seen.parked += run.records['webhook-parked'] ?? 0
    seen.joined += run.joined
    seen.superseded += run.superseded
    seen.replayed += run.replayed
  }
  expect(seen.requests).toBeGreaterThan(seeds * 20)
  for (const [what, count] of Object.entries(seen)) expect(count, what).toBeGreaterThan(0)
})

test('a seed gives the same trace each time, and another seed another one', async () => {
  const hashOf = async (seed: number) => (await simulate(planOf(seed))).traceHash
  const hashes = [await hashOf(42), await hashOf(42), await hashOf(43)]
  expect(hashes[1]).toBe(hashes[0])
  expect(hashes[2]).not.toBe(hashes[0])
})

test('a rejection that nobody handles is a violation of the run in which it happens', async () => {
  const others = process.listeners('unhandledRejection')
  process.removeAllListeners('unhandledRejection')
  try {
    const running = simulate(planOf(42))
    void Promise.reject(new Error('lost'))
    expect((await running).violations).toEqual([expect.stringContaining('unhandled: Error: lost')])
    expect((await simulate(planOf(42))).violations).toEqual([])
  } finally {
    for (const listener of others) process.on('unhandledRejection', listener)
  }
})

test('a failing plan is reduced to the faults and events that it needs, and the report names the command', async () => {
  const whole = planOf(7)
  const needs = [whole.faults[1], whole.events[3], whole.events[20]]
  const run = async (plan: typeof whole): Promise<Run> => {
    const fails = needs.every((each) => [...plan.faults, ...plan.events].some((kept) => kept === each))
    const violations = fails ? [`missing: e${plan.events.length} of wh_0, msg_${plan.events.length}`] : []
    return {
      violations,
      traceHash: '',
      lines: [],
      events: 0,
      requests: 0,
      endedAtMs: 0,
      records: {},
      ...{ joined: 0, superseded: 0, replayed: 0 },
    }
  }
  const shrunk = await shrink(whole, await run(whole), run)
  expect([...shrunk.plan.faults, ...shrunk.plan.events]).toEqual(needs)
  expect(argumentsOf(shrunk.plan, whole)).toBe('--from 7 --seeds 1 --faults 1 --events 3,20')
  expect(part(whole, { faults: '1', events: '3,20' })).toEqual(shrunk.plan)
  expect(report(whole, shrunk)).toContain('npm run simulate -- --from 7 --seeds 1 --faults 1 --events 3,20 --trace')
})
