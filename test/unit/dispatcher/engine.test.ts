import { describe, expect, test } from 'vitest'
import { decodeOffsetMap } from '../../../services/dispatcher/offset-map.ts'
import { unreadableLetter } from '../../../services/dispatcher/records.ts'
import type { Delivery } from '../../../services/domain/delivery.ts'
import type { Outcome } from '../../../services/domain/outcome.ts'
import { definition, delivery, SimulatedWorld } from '../../support/simulation.ts'

const topic = 'webhook-deliveries'
const ok: Outcome = { kind: 'success', status: 200, latencyMs: 5 }
const busy: Outcome = { kind: 'refused', status: 503, latencyMs: 5 }
const owned = { partitions: new Map([[topic, [0, 1]]]), fresh: false }
const place = (offset: number, partition = 0) => ({ topic, partition, offset })
/** Commits without their metadata. */
const commitsOf = (made: SimulatedWorld) =>
  made.engine.takeCommits().map(({ metadata: _metadata, ...commit }) => commit)

function world(answer: (id: string, attempt: number) => { outcome: Outcome; afterMs?: number }, limits = {}) {
  const made = new SimulatedWorld(
    1,
    (sending, attempt) => ({ afterMs: 10, ...answer(sending.deliveryId, attempt) }),
    limits,
  )
  made.definitions.set('w', definition('w'))
  made.engine.assign(owned)
  return made
}

describe('lanes', () => {
  test('one contact is served in order, one request at a time', () => {
    const { engine, sent, runAll, flying, ...rest } = bound(world(() => ({ outcome: ok })))
    for (let i = 0; i < 5; i++) engine.offer(place(i), delivery(`d${i}`, 'w', 'ana'))
    expect(flying.get('w')).toBe(1)
    runAll()
    expect(sent.map(({ deliveryId }) => deliveryId)).toEqual(['d0', 'd1', 'd2', 'd3', 'd4'])
    expect(rest.world.mostFlyingOf.get('w')).toBe(1)
  })

  test('a quick retry holds its lane and no other', () => {
    const { engine, sent, runAll } = bound(
      world((id, attempt) => ({ outcome: id === 'd0' && attempt === 1 ? busy : ok })),
    )
    engine.offer(place(0), delivery('d0', 'w', 'ana'))
    engine.offer(place(1), delivery('d1', 'w', 'ana'))
    engine.offer(place(2), delivery('d2', 'w', 'ben'))
    runAll()
    expect(sent.map(({ deliveryId, attempt }) => `${deliveryId}#${attempt}`)).toEqual(['d0#1', 'd2#1', 'd0#2', 'd1#1'])
  })

  test('a webhook never has more in flight than its definition allows', () => {
    const made = world(() => ({ outcome: ok }))
    made.definitions.set('w', definition('w', { maxInFlight: 3 }))
    for (let i = 0; i < 50; i++) made.engine.offer(place(i), delivery(`d${i}`, 'w', `contact${i}`))
    made.runAll()
    expect(made.sent).toHaveLength(50)
    expect(made.mostFlyingOf.get('w')).toBe(3)
  })

  test('those that answer at once take no more than some sockets, slow ones as many as there may be', () => {
    const mostFlying = (afterMs: number) => {
      const made = world(() => ({ outcome: ok, afterMs }), { maxInFlight: 400, maxHeld: 1_000 })
      made.definitions.set('w', definition('w', { maxInFlight: 300 }))
      for (let i = 0; i < 900; i++) made.engine.offer(place(i), delivery(`d${i}`, 'w', `contact${i}`))
      made.runAll()
      expect(made.sent).toHaveLength(900)
      return made.mostFlyingOf.get('w')
    }
    // Twice the limit where one generation ends and the next begins.
    expect(mostFlying(1)).toBeLessThanOrEqual(128)
    expect(mostFlying(50)).toBe(300)
  })

  test('webhooks take turns at the places of the process', () => {
    const made = world(() => ({ outcome: ok }), { maxInFlight: 2 })
    made.definitions.set('v', definition('v'))
    for (let i = 0; i < 20; i++) made.engine.offer(place(i), delivery(`w${i}`, 'w', `contact${i}`))
    for (let i = 0; i < 2; i++) made.engine.offer(place(20 + i), delivery(`v${i}`, 'v', `contact${i}`))
    made.runAll()
    const lastOfV = made.sent.findLastIndex(({ webhookId }) => webhookId === 'v')
    expect(lastOfV).toBeLessThan(6)
  })
})

describe('offsets', () => {
  test('an offset counts as finished only once its record is acknowledged, and the lowest unfinished one is the commit', () => {
    const made = world((id) => ({ outcome: ok, afterMs: id === 'd0' ? 500 : 10 }))
    for (let i = 0; i < 3; i++) made.engine.offer(place(i), delivery(`d${i}`, 'w', `contact${i}`))
    expect(commitsOf(made)).toEqual([place(0)])
    while (!made.settled.has('d2') || !made.settled.has('d1')) made.clock.step()
    const [commit] = made.engine.takeCommits()
    expect(commit).toMatchObject(place(0))
    expect(decodeOffsetMap(commit?.metadata ?? '', 0)).toMatchObject({ unfinished: [0], next: 3 })
    made.runAll()
    expect(commitsOf(made)).toEqual([place(3)])
    expect(commitsOf(made)).toEqual([])
    made.engine.commitFailed()
    expect(commitsOf(made)).toEqual([place(3)])
  })

  test('a record that comes twice is sent once, before and after it was answered for', () => {
    const made = world(() => ({ outcome: ok }))
    made.engine.offer(place(0), delivery('d0', 'w', 'ana'))
    made.engine.offer(place(1), delivery('d0', 'w', 'ana'))
    expect(commitsOf(made)).toEqual([place(0)])
    made.runAll()
    made.engine.offer(place(2), delivery('d0', 'w', 'ana'))
    made.runAll()
    expect(made.sent).toHaveLength(1)
    expect(commitsOf(made)).toEqual([place(3)])
  })

  test('an unreadable record is finished when its dead letter is in Kafka, a tombstone at once', () => {
    const made = world(() => ({ outcome: ok }))
    const letter = unreadableLetter(place(0), Buffer.from('k'), Buffer.from('?'), 'magic byte', 0)
    made.engine.offerUnsendable(place(0), letter)
    made.engine.offerUnsendable(place(1))
    expect(commitsOf(made)).toEqual([place(0)])
    made.runAll()
    expect(made.deadLetters).toEqual([letter])
    expect(commitsOf(made)).toEqual([place(2)])
  })
})

describe('replays', () => {
  const replay = (offset: number) => ({ topic: 'webhook-replays', partition: 0, offset })

  test('what was answered for is sent again, each replay once, with attempts of its own', () => {
    const made = world(() => ({ outcome: ok }))
    made.engine.offer(place(0), delivery('d0', 'w', 'ana'))
    made.runAll()
    for (const [offset, id] of ['r1', 'r1', 'r2'].entries())
      made.engine.offer(replay(offset), delivery('d0', 'w', 'ana'), [], id)
    made.runAll()
    made.engine.offer(replay(3), delivery('d0', 'w', 'ana'), [], 'r1')
    made.engine.offer(place(1), delivery('d0', 'w', 'ana'))
    made.runAll()
    expect(made.attempts.map(({ deliveryId, attempt, replayId }) => [deliveryId, attempt, replayId])).toEqual([
      ['d0', 1, null],
      ['d0', 1, 'r1'],
      ['d0', 1, 'r2'],
    ])
    expect(commitsOf(made)).toEqual([place(2), replay(4)])
  })

  test("the contact's live notifications do not wait for them, nor do they expire", () => {
    const made = world((_id, attempt) => ({ outcome: attempt === 1 ? busy : ok }), { expiryMs: 1 })
    made.clock.nowMs += 60_000
    made.engine.offer(replay(0), delivery('d0', 'w', 'ana'), [], 'r1')
    made.engine.offer(place(0), { ...delivery('d1', 'w', 'ana'), createdAt: made.clock.nowMs })
    expect(made.sent.map(({ deliveryId }) => deliveryId)).toEqual(['d0', 'd1'])
  })

  test('a delay topic and webhook-parked bring a replay back as what it is', () => {
    const made = world(() => ({ outcome: busy }), { maxQueuedOfWebhook: 1 })
    made.engine.offer(replay(0), delivery('d0', 'w', 'ana'), [], 'r1')
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

  test('go at once beside a blocked webhook with a full lane, by one attempt that counts for nothing', () => {
    const made = world(() => ({ outcome: busy }), { maxInFlight: 1 })
    made.engine.offer(place(0), delivery('d0', 'w', 'ana'))
    made.engine.offerTest(at(0), delivery('t0', 'w', 'ana'))
    made.engine.offerTest(at(1), delivery('t0', 'w', 'ana'))
    expect(made.sent.map(({ deliveryId }) => deliveryId)).toEqual(['d0', 't0'])
    expect(commitsOf(made)).toEqual([place(0), at(0)])
    made.clock.runUntil(made.clock.nowMs + 100)
    made.engine.offerTest(at(2), delivery('t0', 'w', 'ana'))
    expect(made.attempts.filter(({ test }) => test)).toMatchObject([
      { deliveryId: 't0', outcome: 'error', next: 'none' },
    ])
    expect([...made.engine.gates.statesOf(0)].map(([, { breaker }]) => breaker.failures.length)).toEqual([1])
    expect(commitsOf(made)).toEqual([at(3)])
  })

  test.each([
    ['switched off', definition('w', { enabled: false }), 0],
    ['deleted', undefined, 0],
    ['asked for long ago', definition('w'), 61_000],
  ])('are not sent when the webhook is %s', (_what, current, agoMs) => {
    const made = world(() => ({ outcome: ok }))
    if (current) made.definitions.set('w', current)
    else made.definitions.delete('w')
    made.engine.offerTest(at(0), { ...delivery('t0', 'w', 'ana'), createdAt: made.clock.nowMs - agoMs })
    expect(made.sent).toEqual([])
    expect(commitsOf(made)).toEqual([at(1)])
  })

  test('are waited for before the end, and none is begun after it', async () => {
    const made = world(() => ({ outcome: ok }))
    made.engine.offerTest(at(0), delivery('t0', 'w', 'ana'))
    let isDrained = false
    const drained = made.engine.drain().then(() => {
      isDrained = true
    })
    made.engine.offerTest(at(1), delivery('t1', 'w', 'ana'))
    await Promise.resolve()
    expect(isDrained).toBe(false)
    made.runAll()
    await drained
    expect(made.sent.map(({ deliveryId }) => deliveryId)).toEqual(['t0'])
    expect(commitsOf(made)).toEqual([at(1)])
  })
})

describe('what follows an attempt', () => {
  test("when the quick retries are used up, it goes to a delay topic and lets the contact's next pass", () => {
    const made = world((id) => ({ outcome: id === 'd0' ? busy : ok }))
    made.engine.offer(place(0), delivery('d0', 'w', 'ana'))
    made.engine.offer(place(1), delivery('d1', 'w', 'ana'))
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
    expect(commitsOf(made)).toEqual([place(2)])
  })

  test('a retry goes on where it was, and its first record is not sent again', () => {
    const made = world(() => ({ outcome: busy }))
    made.engine.offer(place(0), delivery('d0', 'w', 'ana'))
    made.runAll()
    const [pending] = made.retryLog.get(0) ?? []
    if (!pending) throw new Error('nothing in the delay topic')
    made.engine.offer({ topic: 'webhook-retries-1m', partition: 0, offset: 0 }, pending.delivery, pending.attempts)
    made.engine.offer(place(1), delivery('d0', 'w', 'ana'))
    made.runAll()
    expect(made.sent.map(({ attempt }) => attempt)).toEqual([1, 2, 3, 4, 5])
    expect(made.attempts[4]?.nextTopic).toBe('webhook-retries-5m')
  })

  test('when the profile is used up, the notification becomes a dead letter with its history', () => {
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
    made.engine.offer(place(0), delivery('d0', 'w', 'ana'), tried)
    made.runAll()
    expect(made.attempts.map(({ attempt, next }) => [attempt, next])).toEqual([[4, 'deadLetter']])
    expect(made.deadLetters).toHaveLength(1)
    expect(made.deadLetters[0]).toMatchObject({ reason: 'exhausted', delivery: { deliveryId: 'd0' } })
    expect(made.deadLetters[0]?.attempts.map(({ attempt, status }) => [attempt, status])).toEqual(
      [1, 2, 3, 4].map((n) => [n, 503]),
    )
    expect(made.engine.held).toBe(0)
  })

  test.each([
    ['disabled', definition('w', { enabled: false })],
    ['deleted', undefined],
  ])('a webhook that is %s gets nothing, and what waited for it can be replayed', (reason, now) => {
    const made = world(() => ({ outcome: ok }))
    if (now) made.definitions.set('w', now)
    else made.definitions.delete('w')
    for (let i = 0; i < 2_000; i++) made.engine.offer(place(i), delivery(`d${i}`, 'w', 'ana'))
    made.runAll()
    expect(made.sent).toEqual([])
    expect(made.deadLetters).toHaveLength(2_000)
    expect(new Set(made.deadLetters.map((letter) => letter.reason))).toEqual(new Set([reason]))
  })
})

describe('a webhook that is blocked', () => {
  const hour = 3_600_000
  const failing = (whenBlocked: 'reject' | 'park') => {
    let broken = true
    const made = world(() => ({ outcome: broken ? { kind: 'refused', status: 400, latencyMs: 1 } : ok }), {
      maxQueuedOfWebhook: 50,
    })
    made.definitions.set('w', definition('w', { whenBlocked, maxInFlight: 1 }))
    const mend = () => {
      broken = false
    }
    return { made, mend }
  }
  const offerAll = (made: SimulatedWorld, from: number, count: number) => {
    for (let i = from; i < from + count; i++) made.engine.offer(place(i), delivery(`d${i}`, 'w', `contact${i % 3}`))
  }
  /** Runs the clock for so long, and the engine's tick with it. */
  const run = (made: SimulatedWorld, forMs: number) => {
    const endMs = made.clock.nowMs + forMs
    const tick = () => {
      made.engine.tick()
      if (made.clock.nowMs < endMs) made.clock.after(200, tick)
    }
    tick()
    made.clock.runUntil(endMs)
  }

  test('reject: the 101st failure is the last request; the rest is recorded as rejected and can be replayed', () => {
    const { made } = failing('reject')
    for (let i = 0; i < 300; i += 40) {
      offerAll(made, i, Math.min(40, 300 - i))
      run(made, 1_000)
    }
    expect(made.sent).toHaveLength(101)
    expect(made.attempts.filter(({ outcome }) => outcome === 'rejected')).toHaveLength(199)
    expect(made.deadLetters.filter(({ reason }) => reason === 'breaker')).toHaveLength(199)
    expect(commitsOf(made)).toEqual([place(300)])
  })

  test('park: nothing is sent while blocked, then one probe, then everything in order', () => {
    const { made, mend } = failing('park')
    offerAll(made, 0, 400)
    run(made, 300_000)
    expect(made.sent).toHaveLength(101)
    mend()
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
    expect(commitsOf(made)).toEqual([place(420)])
  })

  test('park: what comes while blocked is in webhook-parked at once, also when nothing was queued as it opened', () => {
    const { made, mend } = failing('park')
    for (let i = 0; i < 101; i++) {
      offerAll(made, i, 1)
      run(made, 1_000)
    }
    expect(made.engine.held).toBe(0)
    offerAll(made, 101, 3)
    run(made, 1_000)
    expect(made.parkedLog.get(0)?.map(({ why, delivery: { deliveryId } }) => `${deliveryId} ${why}`)).toEqual([
      'd101 breaker',
      'd102 breaker',
      'd103 breaker',
    ])
    expect(made.engine.held).toBe(0)
    expect(commitsOf(made)).toEqual([place(104)])
    mend()
    run(made, hour)
    expect(made.sent).toHaveLength(104)
    expect(made.engine.parking).toBe(0)
  })

  test('410 switches it off: no request after it', () => {
    const made = world(() => ({ outcome: { kind: 'refused', status: 410, latencyMs: 1 } }))
    offerAll(made, 0, 30)
    made.runAll()
    expect(made.sent.length).toBeLessThanOrEqual(3)
    expect(made.disabled).toEqual(['w: the receiver answered 410 Gone'])
    expect(made.deadLetters).toHaveLength(30)
  })

  test('Retry-After holds the whole webhook back', () => {
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

  test('Retry-After is not made longer by a clock that is set back', () => {
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

  test('a rate limit spreads the requests evenly', () => {
    const made = world(() => ({ outcome: ok, afterMs: 1 }))
    made.definitions.set('w', definition('w', { rateLimitPerSecond: 10 }))
    offerAll(made, 0, 30)
    made.runAll()
    const gaps = made.sent.slice(1).map(({ atMs }, i) => atMs - (made.sent[i]?.atMs ?? 0))
    expect(Math.min(...gaps)).toBeGreaterThanOrEqual(99)
    expect(Math.max(...gaps)).toBeLessThanOrEqual(120)
  })
})

test('beyond its room in memory, a slow webhook goes by webhook-parked, in order, and back to the direct way', () => {
  const made = world(() => ({ outcome: ok, afterMs: 50 }), { maxQueuedOfWebhook: 10 })
  made.definitions.set('w', definition('w', { maxInFlight: 2 }))
  for (let i = 0; i < 100; i++) made.engine.offer(place(i), delivery(`d${i}`, 'w', `contact${i % 2}`))
  expect(made.parkedLog.get(0)).toHaveLength(90)
  while (made.clock.step()) made.engine.tick()
  expect(made.sent).toHaveLength(100)
  expect(made.engine.parking).toBe(0)
  for (const contact of ['contact0', 'contact1']) {
    const numbers = made.sent
      .filter(({ contactId }) => contactId === contact)
      .map(({ deliveryId }) => Number(deliveryId.slice(1)))
    expect(numbers).toEqual([...numbers].sort((a, b) => a - b))
  }
  made.engine.offer(place(100), delivery('d100', 'w', 'contact0'))
  made.runAll()
  expect(made.parkedLog.get(0)).toHaveLength(90)
  expect(made.sent).toHaveLength(101)
})

test('a dozen webhooks that hang do not take the memory of all: what they hold goes by webhook-parked', () => {
  const hang = { kind: 'unreachable', reason: 'timeout', latencyMs: 10_000, detail: '' } as const
  const made = new SimulatedWorld(
    1,
    ({ webhookId }) => (webhookId === 'good' ? { outcome: ok, afterMs: 10 } : { outcome: hang, afterMs: 10_000 }),
    { maxHeld: 200, maxQueuedOfWebhook: 50, maxInFlight: 100 },
  )
  const bad = Array.from({ length: 12 }, (_unused, i) => `bad${i}`)
  for (const id of [...bad, 'good']) made.definitions.set(id, definition(id, { maxInFlight: 4 }))
  made.engine.assign(owned)
  // Many of the bad ones come before each of the good ones, again and again.
  const records = Array.from({ length: 50 }, (_unused, round) => [
    ...bad.flatMap((id) => Array.from({ length: 10 }, (_none, i) => delivery(`${id}-${round}-${i}`, id, `c${i}`))),
    delivery(`good-${round}`, 'good', `c${round % 3}`),
  ]).flat()
  const beganMs = made.clock.nowMs
  for (let offset = 0; offset < records.length; ) {
    if (made.engine.hasRoom) made.engine.offer(place(offset), records[offset++] as Delivery)
    else made.clock.runUntil(made.clock.nowMs + 200)
    if (!made.engine.hasRoom) made.engine.tick()
  }
  made.clock.runUntil(made.clock.nowMs + 1_000)
  expect(made.sent.filter(({ webhookId }) => webhookId === 'good')).toHaveLength(50)
  // Room came by parking: waiting for the first timeouts would have taken ten seconds at least.
  expect(made.clock.nowMs - beganMs).toBeLessThan(10_000)
})

describe('assignments', () => {
  test('what is in flight is not sent again when its record comes again, and what was queued is', () => {
    const made = world(() => ({ outcome: ok, afterMs: 100 }))
    for (let i = 0; i < 3; i++) made.engine.offer(place(i), delivery(`d${i}`, 'w', 'ana'))
    made.engine.assign(owned)
    for (let i = 0; i < 3; i++) made.engine.offer(place(i), delivery(`d${i}`, 'w', 'ana'))
    made.runAll()
    expect(made.sent.map(({ deliveryId }) => deliveryId)).toEqual(['d0', 'd1', 'd2'])
    expect(commitsOf(made)).toEqual([place(3)])
  })

  test('a partition that went away is neither retried nor committed', () => {
    const made = world(() => ({ outcome: busy }))
    made.engine.offer(place(0, 1), delivery('d0', 'w', 'ana'))
    made.clock.step()
    made.engine.assign({ partitions: new Map([[topic, [0]]]), fresh: false })
    made.runAll()
    expect(made.sent).toHaveLength(1)
    expect(made.engine.held).toBe(0)
    expect(commitsOf(made)).toEqual([])
  })

  test('a request in flight in a partition that went away is recorded, not retried', () => {
    const made = world(() => ({ outcome: busy, afterMs: 100 }))
    made.engine.offer(place(0, 1), delivery('d0', 'w', 'ana'))
    made.engine.assign({ partitions: new Map([[topic, [0]]]), fresh: false })
    made.runAll()
    expect(made.attempts).toHaveLength(1)
    expect(made.sent).toHaveLength(1)
    expect(made.engine.held).toBe(0)
  })
})

test('without room it says so, and tells when there is some again', () => {
  const made = world(() => ({ outcome: ok }), { maxHeld: 4 })
  let offered = 0
  while (made.engine.hasRoom) made.engine.offer(place(offered), delivery(`d${offered++}`, 'w', 'ana'))
  expect(offered).toBe(4)
  expect(made.rooms).toBe(0)
  made.runAll()
  expect(made.rooms).toBe(1)
  expect(made.engine.hasRoom).toBe(true)
})

test('draining ends what is in flight and starts nothing', async () => {
  const made = world(() => ({ outcome: ok, afterMs: 100 }))
  for (let i = 0; i < 3; i++) made.engine.offer(place(i), delivery(`d${i}`, 'w', 'ana'))
  const drained = made.engine.drain()
  made.runAll()
  await drained
  expect(made.sent).toHaveLength(1)
  expect(commitsOf(made)).toEqual([place(1)])
})

function bound(made: SimulatedWorld) {
  const { engine, sent, flying } = made
  return { world: made, engine, sent, flying, runAll: () => made.runAll() }
}
