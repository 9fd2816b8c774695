import { describe, expect, test } from 'vitest'
import type { BreakerState } from '../../../../services/dispatcher/engine/gate/breaker.ts'
import type { Outcome } from '../../../../services/domain/delivery/outcome.ts'
import { ok, position, run, topic, world } from '../../../support/engine-world.ts'
import { definition, delivery, type SimulatedWorld } from '../../../support/simulation.ts'

const owned = { partitions: new Map([[topic, [0]]]), fresh: true }

/** Gate state as restored from webhook-health. */
function restored(made: SimulatedWorld, breaker: Partial<BreakerState>, pausedUntilMs = 0): void {
  made.engine.assign(owned)
  const state = { state: 'closed', failures: [], openUntilMs: 0, failingSinceMs: null, ...breaker } as const
  const gates = new Map([['w', { businessId: null, breaker: state, pausedUntilMs }]])
  made.engine.restore(0, {
    resume: new Map(),
    parked: new Map(),
    answered: new Map(),
    answeredRecords: [],
    stopped: new Map(),
    joined: [],
    joinedEnd: 0,
    gates,
  })
}

describe.each(['reject', 'park'] as const)(
  'guarantee 49: no webhook waits for ever (whenBlocked: %s)',
  (whenBlocked) => {
    const made = (answer: Parameters<typeof world>[0] = () => ({ outcome: ok })) => {
      const one = world(answer)
      one.definitions.set('w', definition('w', { whenBlocked }))
      return one
    }

    test('a breaker that was half-open at a takeover gets its next probe after a minute', () => {
      const one = made()
      restored(one, {
        state: 'halfOpen',
        openUntilMs: one.clock.nowMs - 3_000,
        failingSinceMs: one.clock.nowMs - 700_000,
      })
      for (let i = 0; i < 5; i++) one.engine.offer(position(i), delivery(`d${i}`, 'w', `contact${i}`))
      run(one, 61_000)
      expect(one.sent).toHaveLength(5)
      expect(one.engine.pool.count).toBe(0)
    })

    test('a postponed probe lets the next delivery be the probe', () => {
      let fault = true
      const one = made(() => ({ outcome: fault ? 'postponed' : ok }))
      restored(one, { state: 'open', openUntilMs: one.clock.nowMs - 1, failingSinceMs: one.clock.nowMs - 600_000 })
      for (let i = 0; i < 5; i++) one.engine.offer(position(i), delivery(`d${i}`, 'w', `contact${i}`))
      run(one, 200)
      expect(one.sent).toHaveLength(0)
      fault = false
      run(one, 5_000)
      expect(one.sent).toHaveLength(5)
    })

    test('a rate of one in months is checked every ten minutes, and a higher rate takes effect at once', () => {
      const one = made()
      restored(one, {})
      one.definitions.set('w', definition('w', { whenBlocked, rateLimitPerSecond: 1e-7 }))
      for (let i = 0; i < 2; i++) one.engine.offer(position(i), delivery(`d${i}`, 'w', `contact${i}`))
      run(one, 3_600_000)
      expect(one.sent).toHaveLength(1)
      one.definitions.set('w', definition('w', { whenBlocked }))
      run(one, 600_000)
      expect(one.sent).toHaveLength(2)
    })
  },
)

describe('guarantee 50: a partition that has left', () => {
  const busy: Outcome = { kind: 'refused', status: 503, latencyMs: 5 }
  const own = (numbers: number[]) => ({ partitions: new Map([[topic, numbers]]), fresh: false })

  test('a request that fails after its partition has left creates no gate', () => {
    const one = world(() => ({ outcome: busy, afterMs: 500 }))
    one.engine.offer(position(0, 1), delivery('d0', 'w', 'ana'))
    one.clock.runUntil(one.clock.nowMs + 100)
    one.assign(own([0]))
    one.runAll()
    expect([...one.engine.gates.statesOf(1)]).toEqual([])
    expect(one.attempts).toHaveLength(1)
  })

  test('a partition that has left takes nothing, resumes nothing and commits nothing', () => {
    const one = world(() => ({ outcome: ok }))
    one.assign(own([0]))
    one.engine.resume(1, topic, { offset: 5, finishedAbove: null })
    one.engine.offer(position(5, 1), delivery('d5', 'w', 'ana'))
    one.offerTest({ ...position(6, 1) }, delivery('t6', 'w', 'ana'))
    one.engine.offerUnsendable(position(7, 1))
    one.runAll()
    expect(one.sent).toEqual([])
    expect([...one.engine.partitions].map(({ number }) => number)).toEqual([0])
    expect(one.engine.takeCommits()).toEqual([])
  })

  test('a partition that has left is not restored', () => {
    const one = world(() => ({ outcome: ok }))
    one.assign(own([0]))
    expect(() => one.restore(1)).toThrow('partition 1 is restored, but not assigned')
  })
})
