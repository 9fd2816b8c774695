import { describe, expect, test } from 'vitest'
import type { Outcome } from '../../../../services/domain/delivery/outcome.ts'
import { busy, commitsOf, measure, ok, position, world } from '../../../support/engine-world.ts'
import { definition, delivery } from '../../../support/simulation.ts'

describe('replays', () => {
  const replay = (offset: number) => ({ topic: 'webhook-replays', partition: 0, offset })

  test('a replay sends an answered notification again, once per replay, with its own attempts', () => {
    const made = world(() => ({ outcome: ok }))
    made.engine.offer(position(0), delivery('d0', 'w', 'ana'))
    made.runAll()
    for (const [offset, id] of ['r1', 'r1', 'r2'].entries())
      made.engine.offer(replay(offset), delivery('d0', 'w', 'ana'), [], id)
    made.runAll()
    made.engine.offer(replay(3), delivery('d0', 'w', 'ana'), [], 'r1')
    made.engine.offer(position(1), delivery('d0', 'w', 'ana'))
    made.runAll()
    expect(made.attempts.map(({ deliveryId, attempt, replayId }) => [deliveryId, attempt, replayId])).toEqual([
      ['d0', 1, null],
      ['d0', 1, 'r1'],
      ['d0', 1, 'r2'],
    ])
    expect(commitsOf(made)).toEqual([position(2), replay(4)])
  })

  test('live notifications of a contact do not wait for its replays, and replays do not expire', () => {
    const made = world((_id, attempt) => ({ outcome: attempt === 1 ? busy : ok }), { expiryMs: 1 })
    made.clock.nowMs += 60_000
    made.engine.offer(replay(0), delivery('d0', 'w', 'ana'), [], 'r1')
    made.clock.runUntil(made.clock.nowMs + 50)
    made.engine.offer(position(0), { ...delivery('d1', 'w', 'ana'), createdAt: made.clock.nowMs })
    expect(made.sent.map(({ deliveryId }) => deliveryId)).toEqual(['d0', 'd1'])
  })

  test('a replay that comes back from a delay topic or webhook-parked is still a replay', () => {
    const made = world(() => ({ outcome: busy }), { maxQueuedOfWebhook: 1 })
    made.engine.offer(replay(0), delivery('d0', 'w', 'ana'), [], 'r1')
    measure(made)
    made.engine.offer(replay(1), delivery('d1', 'w', 'ana'), [], 'r1')
    made.runAll()
    const waiting = [...(made.retryLog.get(0) ?? []), ...(made.parkedLog.get(0) ?? [])]
    expect(waiting.map(({ why, replayId }) => [why, replayId])).toEqual([
      ['retry', 'r1'],
      ['overflow', 'r1'],
    ])
  })
})

describe('test notifications', () => {
  const at = (offset: number) => ({ topic: 'webhook-tests', partition: 0, offset })

  test("a test notification is sent at once past a blocked webhook's full lane, in one attempt that counts for nothing", () => {
    const made = world(() => ({ outcome: busy }), { maxInFlight: 1 })
    made.engine.offer(position(0), delivery('d0', 'w', 'ana'))
    made.offerTest(at(0), delivery('t0', 'w', 'ana'))
    made.offerTest(at(1), delivery('t0', 'w', 'ana'))
    expect(made.sent.map(({ deliveryId }) => deliveryId)).toEqual(['d0', 't0'])
    expect(commitsOf(made)).toEqual([position(0), at(0)])
    made.clock.runUntil(made.clock.nowMs + 100)
    made.offerTest(at(2), delivery('t0', 'w', 'ana'))
    expect(made.attempts.filter(({ test }) => test)).toMatchObject([
      { deliveryId: 't0', outcome: 'error', next: 'none' },
    ])
    expect([...made.engine.gates.statesOf(0)].map(([, { breaker }]) => breaker.failures.length)).toEqual([1])
    expect(commitsOf(made)).toEqual([at(3)])
  })

  test.each([
    ['switched off', definition('w', { enabled: false }), 0],
    ['deleted', undefined, 0],
    ["another business's", definition('w', { businessId: 'another' }), 0],
    ['asked for long ago', definition('w'), 61_000],
  ])('a test notification is not sent when the webhook is %s', (_what, current, agoMs) => {
    const made = world(() => ({ outcome: ok }))
    if (current) made.definitions.set('w', current)
    else made.definitions.delete('w')
    made.offerTest(at(0), { ...delivery('t0', 'w', 'ana'), createdAt: made.clock.nowMs - agoMs })
    expect(made.sent).toEqual([])
    expect(commitsOf(made)).toEqual([at(1)])
  })

  test('a shutdown waits for the test notification in flight, and begins no other', async () => {
    const made = world(() => ({ outcome: ok }))
    made.offerTest(at(0), delivery('t0', 'w', 'ana'))
    let isDrained = false
    const drained = made.engine.drain().then(() => {
      isDrained = true
    })
    made.offerTest(at(1), delivery('t1', 'w', 'ana'))
    await Promise.resolve()
    expect(isDrained).toBe(false)
    made.runAll()
    await drained
    expect(made.sent.map(({ deliveryId }) => deliveryId)).toEqual(['t0'])
    expect(commitsOf(made)).toEqual([at(1)])
  })
})

describe('a webhook that has ended by 410', () => {
  const gone: Outcome = { kind: 'refused', status: 410, latencyMs: 5 }

  test('a webhook that ended by 410 gets nothing until its definition is written again, whatever its version', () => {
    const made = world((id) => ({ outcome: id === 'd0' ? gone : ok }))
    for (const offset of [0, 1]) made.engine.offer(position(offset), delivery(`d${offset}`, 'w', 'ana'))
    made.runAll()
    expect(made.disabled).toEqual(['w: the receiver answered 410 Gone'])
    expect(made.deadLetters.map(({ reason }) => reason)).toEqual(['gone', 'disabled'])
    made.definitions.set('w', definition('w'))
    made.engine.offer(position(2), delivery('d2', 'w', 'ana'))
    made.runAll()
    expect(made.attempts.map(({ deliveryId, definitionOffset }) => [deliveryId, definitionOffset])).toEqual([
      ['d0', 0],
      ['d2', 1],
    ])
  })
})

describe('what follows an attempt', () => {
  test("a delivery with no quick retries left goes to a delay topic and lets the contact's next one pass", () => {
    const made = world((id) => ({ outcome: id === 'd0' ? busy : ok }))
    made.engine.offer(position(0), delivery('d0', 'w', 'ana'))
    made.engine.offer(position(1), delivery('d1', 'w', 'ana'))
    made.runAll()
    expect(made.sent.map(({ deliveryId, attempt }) => `${deliveryId}#${attempt}`)).toEqual([
      'd0#1',
      'd0#2',
      'd0#3',
      'd0#4',
      'd1#1',
    ])
    const [pending] = made.retryLog.get(0) ?? []
    expect(pending).toMatchObject({ why: 'retry', delivery: { deliveryId: 'd0' } })
    expect(pending?.attempts).toHaveLength(4)
    expect(made.attempts[3]).toMatchObject({
      next: 'retry',
      nextTopic: 'webhook-retries-1m',
      nextAttemptAt: pending?.dueAt,
    })
    expect(commitsOf(made)).toEqual([position(2)])
  })

  test('a retry continues the history of its delivery, and its first record is not sent again', () => {
    const made = world(() => ({ outcome: busy }))
    made.engine.offer(position(0), delivery('d0', 'w', 'ana'))
    made.runAll()
    const [pending] = made.retryLog.get(0) ?? []
    if (!pending) throw new Error('nothing in the delay topic')
    made.engine.offer({ topic: 'webhook-retries-1m', partition: 0, offset: 0 }, pending.delivery, pending.attempts)
    made.engine.offer(position(1), delivery('d0', 'w', 'ana'))
    made.runAll()
    expect(made.sent.map(({ attempt }) => attempt)).toEqual([1, 2, 3, 4, 5])
    expect(made.attempts[4]?.nextTopic).toBe('webhook-retries-5m')
  })

  test('a notification whose retry profile is used up becomes a dead letter with its history', () => {
    const made = world(() => ({ outcome: busy }))
    const tried = [1, 2, 3].map((attempt) => ({
      attempt,
      startedAt: 0,
      latencyMs: 5,
      outcome: 'error' as const,
      cause: '5xx',
      status: 503,
      responseExcerpt: null,
    }))
    made.definitions.set('w', definition('w', { retryProfile: 'none' }))
    made.engine.offer(position(0), delivery('d0', 'w', 'ana'), tried)
    made.runAll()
    expect(made.attempts.map(({ attempt, next }) => [attempt, next])).toEqual([[4, 'deadLetter']])
    expect(made.deadLetters).toHaveLength(1)
    expect(made.deadLetters[0]).toMatchObject({ reason: 'exhausted', delivery: { deliveryId: 'd0' } })
    expect(made.deadLetters[0]?.attempts.map(({ attempt, status }) => [attempt, status])).toEqual(
      [1, 2, 3, 4].map((n) => [n, 503]),
    )
    expect(made.engine.pool.count).toBe(0)
  })

  test.each([
    ['disabled', definition('w', { enabled: false })],
    ['deleted', undefined],
    ['deleted', definition('w', { businessId: 'another business' })],
  ])('a webhook that is %s gets nothing, and what waited for it can be replayed', (reason, now) => {
    const made = world(() => ({ outcome: ok }))
    if (now) made.definitions.set('w', now)
    else made.definitions.delete('w')
    for (let i = 0; i < 2_000; i++) made.engine.offer(position(i), delivery(`d${i}`, 'w', 'ana'))
    made.runAll()
    expect(made.sent).toEqual([])
    expect(made.deadLetters).toHaveLength(2_000)
    expect(new Set(made.deadLetters.map((letter) => letter.reason))).toEqual(new Set([reason]))
  })
})
