import { describe, expect, test } from 'vitest'
import { unreadableLetter } from '../../../services/dispatcher/records.ts'
import type { Outcome } from '../../../services/domain/outcome.ts'
import { definition, delivery, SimulatedWorld } from '../../support/simulation.ts'

const topic = 'webhook-deliveries'
const ok: Outcome = { kind: 'success', status: 200, latencyMs: 5 }
const busy: Outcome = { kind: 'refused', status: 503, latencyMs: 5 }
const owned = { partitions: new Map([[topic, [0, 1]]]) }
const place = (offset: number, partition = 0) => ({ topic, partition, offset })

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
    expect(made.engine.takeCommits()).toEqual([place(0)])
    while (!made.settled.has('d2') || !made.settled.has('d1')) made.clock.step()
    expect(made.engine.takeCommits()).toEqual([])
    made.runAll()
    expect(made.engine.takeCommits()).toEqual([place(3)])
    expect(made.engine.takeCommits()).toEqual([])
    made.engine.commitFailed()
    expect(made.engine.takeCommits()).toEqual([place(3)])
  })

  test('a record that comes twice is sent once, before and after it was answered for', () => {
    const made = world(() => ({ outcome: ok }))
    made.engine.offer(place(0), delivery('d0', 'w', 'ana'))
    made.engine.offer(place(1), delivery('d0', 'w', 'ana'))
    expect(made.engine.takeCommits()).toEqual([place(0)])
    made.runAll()
    made.engine.offer(place(2), delivery('d0', 'w', 'ana'))
    made.runAll()
    expect(made.sent).toHaveLength(1)
    expect(made.engine.takeCommits()).toEqual([place(3)])
  })

  test('an unreadable record is finished when its dead letter is in Kafka, a tombstone at once', () => {
    const made = world(() => ({ outcome: ok }))
    const letter = unreadableLetter(place(0), Buffer.from('k'), Buffer.from('?'), 'magic byte', 0)
    made.engine.offerUnsendable(place(0), letter)
    made.engine.offerUnsendable(place(1))
    expect(made.engine.takeCommits()).toEqual([place(0)])
    made.runAll()
    expect(made.deadLetters).toEqual([letter])
    expect(made.engine.takeCommits()).toEqual([place(2)])
  })
})

describe('what follows an attempt', () => {
  test('when the quick retries are used up, the notification becomes a dead letter with its history', () => {
    const made = world(() => ({ outcome: busy }))
    made.engine.offer(place(0), delivery('d0', 'w', 'ana'))
    made.runAll()
    expect(made.attempts.map(({ attempt, next }) => [attempt, next])).toEqual([
      [1, 'retry'],
      [2, 'retry'],
      [3, 'retry'],
      [4, 'deadLetter'],
    ])
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

describe('assignments', () => {
  test('what is in flight is not sent again when its record comes again, and what was queued is', () => {
    const made = world(() => ({ outcome: ok, afterMs: 100 }))
    for (let i = 0; i < 3; i++) made.engine.offer(place(i), delivery(`d${i}`, 'w', 'ana'))
    made.engine.assign(owned)
    for (let i = 0; i < 3; i++) made.engine.offer(place(i), delivery(`d${i}`, 'w', 'ana'))
    made.runAll()
    expect(made.sent.map(({ deliveryId }) => deliveryId)).toEqual(['d0', 'd1', 'd2'])
    expect(made.engine.takeCommits()).toEqual([place(3)])
  })

  test('a partition that went away is neither retried nor committed', () => {
    const made = world(() => ({ outcome: busy }))
    made.engine.offer(place(0, 1), delivery('d0', 'w', 'ana'))
    made.clock.step()
    made.engine.assign({ partitions: new Map([[topic, [0]]]) })
    made.runAll()
    expect(made.sent).toHaveLength(1)
    expect(made.engine.held).toBe(0)
    expect(made.engine.takeCommits()).toEqual([])
  })

  test('a request in flight in a partition that went away is recorded, not retried', () => {
    const made = world(() => ({ outcome: busy, afterMs: 100 }))
    made.engine.offer(place(0, 1), delivery('d0', 'w', 'ana'))
    made.engine.assign({ partitions: new Map([[topic, [0]]]) })
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
  expect(made.engine.takeCommits()).toEqual([place(1)])
})

function bound(made: SimulatedWorld) {
  const { engine, sent, flying } = made
  return { world: made, engine, sent, flying, runAll: () => made.runAll() }
}
