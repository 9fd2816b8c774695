import { describe, expect, test } from 'vitest'
import type { Outcome } from '../../../../services/domain/delivery/outcome.ts'
import { commitsOf, ok, position, world } from '../../../support/engine-world.ts'
import { definition, delivery, type SimulatedWorld } from '../../../support/simulation.ts'

describe('a webhook that is blocked', () => {
  const hour = 3_600_000
  const failing = (whenBlocked: 'reject' | 'park') => {
    let broken = true
    const made = world(() => ({ outcome: broken ? { kind: 'refused', status: 400, latencyMs: 1 } : ok }), {
      maxQueuedOfWebhook: 50,
    })
    made.definitions.set('w', definition('w', { whenBlocked, maxInFlight: 1 }))
    const recover = () => {
      broken = false
    }
    return { made, recover }
  }
  const offerAll = (made: SimulatedWorld, from: number, count: number) => {
    for (let i = from; i < from + count; i++) made.engine.offer(position(i), delivery(`d${i}`, 'w', `contact${i % 3}`))
  }
  /** Runs the clock for this long, with the engine's ticks. */
  const run = (made: SimulatedWorld, forMs: number) => {
    const endMs = made.clock.nowMs + forMs
    const tick = () => {
      made.engine.tick()
      if (made.clock.nowMs < endMs) made.clock.after(200, tick)
    }
    tick()
    made.clock.runUntil(endMs)
  }

  test('with reject, the 101st failure is the last request, and the rest is recorded as rejected and can be replayed', () => {
    const { made } = failing('reject')
    for (let i = 0; i < 300; i += 40) {
      offerAll(made, i, Math.min(40, 300 - i))
      run(made, 1_000)
    }
    expect(made.sent).toHaveLength(101)
    expect(made.attempts.filter(({ outcome }) => outcome === 'rejected')).toHaveLength(199)
    expect(made.deadLetters.filter(({ reason }) => reason === 'breaker')).toHaveLength(199)
    expect(commitsOf(made)).toEqual([position(300)])
  })

  test('with park, a blocked webhook gets nothing, then one probe, then everything in order', () => {
    const { made, recover } = failing('park')
    offerAll(made, 0, 400)
    run(made, 300_000)
    expect(made.sent).toHaveLength(101)
    recover()
    expect(made.engine.parking).toBe(1)
    offerAll(made, 400, 20)
    run(made, hour)
    expect(made.engine.parking).toBe(0)
    const later = made.sent.slice(101)
    expect(later).toHaveLength(319)
    const gapMs = (later[0]?.atMs ?? 0) - (made.sent[100]?.atMs ?? 0)
    expect(gapMs).toBeGreaterThanOrEqual(600_000)
    for (const contact of ['contact0', 'contact1', 'contact2']) {
      const numbers = made.sent
        .filter(({ contactId }) => contactId === contact)
        .map(({ deliveryId }) => Number(deliveryId.slice(1)))
      expect(numbers).toEqual([...numbers].sort((a, b) => a - b))
    }
    expect(commitsOf(made)).toEqual([position(420)])
  })

  test.each(['park', 'reject'] as const)('with %s, an order to probe sends one notification at once', (whenBlocked) => {
    const { made, recover } = failing(whenBlocked)
    const probe = (offset: number) =>
      made.engine.offerOrder({ topic: 'webhook-replays', partition: 0, offset }, { kind: 'probe', webhookId: 'w' }, 0)
    for (let i = 0; i < 101; i++) {
      offerAll(made, i, 1)
      run(made, 1_000)
    }
    if (whenBlocked === 'park') offerAll(made, 101, 3)
    run(made, 1_000)
    probe(0)
    if (whenBlocked === 'reject') offerAll(made, 101, 3)
    run(made, 60_000)
    // The probe fails, and another block begins.
    expect(made.sent).toHaveLength(102)
    expect(made.engine.gates.isBlocked('w', made.clock.nowMs)).toBe(true)
    recover()
    probe(1)
    offerAll(made, 104, 3)
    run(made, 60_000)
    expect(made.engine.gates.isBlocked('w', made.clock.nowMs)).toBe(false)
    expect(new Set(made.sent.map(({ deliveryId }) => deliveryId)).size).toBe(whenBlocked === 'park' ? 107 : 105)
  })

  test('with park, what arrives for a blocked webhook is in webhook-parked at once, even if nothing was queued', () => {
    const { made, recover } = failing('park')
    for (let i = 0; i < 101; i++) {
      offerAll(made, i, 1)
      run(made, 1_000)
    }
    expect(made.engine.pool.count).toBe(0)
    offerAll(made, 101, 3)
    run(made, 1_000)
    expect(made.parkedLog.get(0)?.map(({ why, delivery: { deliveryId } }) => `${deliveryId} ${why}`)).toEqual([
      'd101 breaker',
      'd102 breaker',
      'd103 breaker',
    ])
    expect(made.engine.pool.count).toBe(0)
    expect(commitsOf(made)).toEqual([position(104)])
    recover()
    run(made, hour)
    expect(made.sent).toHaveLength(104)
    expect(made.engine.parking).toBe(0)
  })

  test('a 410 switches the webhook off, and no request follows', () => {
    const made = world(() => ({ outcome: { kind: 'refused', status: 410, latencyMs: 1 } }))
    offerAll(made, 0, 30)
    made.runAll()
    expect(made.sent.length).toBeLessThanOrEqual(3)
    expect(made.disabled).toEqual(['w: the receiver answered 410 Gone'])
    expect(made.deadLetters).toHaveLength(30)
  })

  test('Retry-After pauses the whole webhook', () => {
    const asked: Outcome = { kind: 'refused', status: 429, latencyMs: 1, retryAfterMs: 20_000 }
    let first = true
    const made = world(() => {
      const outcome = first ? asked : ok
      first = false
      return { outcome }
    })
    offerAll(made, 0, 1)
    made.clock.runUntil(made.clock.nowMs + 10)
    offerAll(made, 1, 10)
    made.runAll()
    const [begin, ...others] = made.sent.map(({ atMs }) => atMs)
    for (const atMs of others) expect(atMs - (begin ?? 0)).toBeGreaterThanOrEqual(20_000)
    expect(made.sent).toHaveLength(12)
  })

  test('a pause by Retry-After is not prolonged when the clock is set back', () => {
    const made = world((id) => ({ outcome: id === 'd0' && made.sent.length === 1 ? asked : ok }))
    const asked: Outcome = { kind: 'refused', status: 429, latencyMs: 1, retryAfterMs: 20_000 }
    offerAll(made, 0, 1)
    made.clock.runUntil(made.clock.nowMs + 10)
    offerAll(made, 1, 10)
    made.wallSkewMs = -3_600_000
    made.runAll()
    const [begin, ...others] = made.sent.map(({ atMs }) => atMs)
    for (const atMs of others) {
      expect(atMs - (begin ?? 0)).toBeGreaterThanOrEqual(20_000)
      expect(atMs - (begin ?? 0)).toBeLessThanOrEqual(41_000)
    }
    expect(made.sent).toHaveLength(12)
  })

  test('a rate limit spaces the requests evenly', () => {
    const made = world(() => ({ outcome: ok, afterMs: 1 }))
    made.definitions.set('w', definition('w', { rateLimitPerSecond: 10 }))
    offerAll(made, 0, 30)
    made.runAll()
    const gaps = made.sent.slice(1).map(({ atMs }, i) => atMs - (made.sent[i]?.atMs ?? 0))
    expect(Math.min(...gaps)).toBeGreaterThanOrEqual(99)
    expect(Math.max(...gaps)).toBeLessThanOrEqual(120)
  })
})
