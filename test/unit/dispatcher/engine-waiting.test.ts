import { describe, expect, test } from 'vitest'
import type { BreakerState } from '../../../services/dispatcher/breaker.ts'
import { ok, place, topic, world } from '../../support/engine-world.ts'
import { definition, delivery, type SimulatedWorld } from '../../support/simulation.ts'

const owned = { partitions: new Map([[topic, [0]]]), fresh: true }

/** As webhook-health has left it. */
function restored(made: SimulatedWorld, breaker: Partial<BreakerState>, pausedUntilMs = 0): void {
  made.engine.assign(owned)
  const state = { state: 'closed', failures: [], openUntilMs: 0, failingSinceMs: null, ...breaker } as const
  const gates = new Map([['w', { breaker: state, pausedUntilMs }]])
  made.engine.restore(0, { resume: new Map(), parked: new Map(), answered: new Map(), gates })
}

/** Runs the clock for so long, and the engine's tick with it. */
function run(made: SimulatedWorld, forMs: number): void {
  for (const endMs = made.clock.nowMs + forMs; made.clock.nowMs < endMs; made.clock.runUntil(made.clock.nowMs + 100))
    made.engine.tick()
}

describe.each(['reject', 'park'] as const)(
  'guarantee 49: a webhook never waits for ever (whenBlocked: %s)',
  (whenBlocked) => {
    const made = (answer: Parameters<typeof world>[0] = () => ({ outcome: ok })) => {
      const one = world(answer)
      one.definitions.set('w', definition('w', { whenBlocked }))
      return one
    }

    test('a breaker that was half-open at a takeover is probed after a minute', () => {
      const one = made()
      restored(one, {
        state: 'halfOpen',
        openUntilMs: one.clock.nowMs - 3_000,
        failingSinceMs: one.clock.nowMs - 700_000,
      })
      for (let i = 0; i < 5; i++) one.engine.offer(place(i), delivery(`d${i}`, 'w', `contact${i}`))
      run(one, 61_000)
      expect(one.sent).toHaveLength(5)
      expect(one.engine.held).toBe(0)
    })

    test('a probe that was postponed gives its turn to the next one', () => {
      let fault = true
      const one = made(() => ({ outcome: fault ? 'postponed' : ok }))
      restored(one, { state: 'open', openUntilMs: one.clock.nowMs - 1, failingSinceMs: one.clock.nowMs - 600_000 })
      for (let i = 0; i < 5; i++) one.engine.offer(place(i), delivery(`d${i}`, 'w', `contact${i}`))
      run(one, 200)
      expect(one.sent).toHaveLength(0)
      fault = false
      run(one, 61_000)
      expect(one.sent).toHaveLength(5)
    })

    test('a rate of one in months is asked about every ten minutes, and acts at once when it is raised', () => {
      const one = made()
      restored(one, {})
      one.definitions.set('w', definition('w', { whenBlocked, rateLimitPerSecond: 1e-7 }))
      for (let i = 0; i < 2; i++) one.engine.offer(place(i), delivery(`d${i}`, 'w', `contact${i}`))
      run(one, 3_600_000)
      expect(one.sent).toHaveLength(1)
      one.definitions.set('w', definition('w', { whenBlocked }))
      run(one, 600_000)
      expect(one.sent).toHaveLength(2)
    })
  },
)
