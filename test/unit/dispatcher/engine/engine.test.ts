import { describe, expect, test } from 'vitest'
import { decodeOffsetMap } from '../../../../services/dispatcher/engine/offsets/offset-map.ts'
import { recordLetter } from '../../../../services/domain/delivery/dead-letter.ts'
import { busy, commitsOf, ok, owned, position, topic, world } from '../../../support/engine-world.ts'
import { definition, delivery, SimulatedWorld } from '../../../support/simulation.ts'

describe('lanes', () => {
  test("a contact's deliveries are sent in order, one request at a time", () => {
    const { engine, sent, runAll, flying, ...rest } = bound(world(() => ({ outcome: ok })))
    for (let i = 0; i < 5; i++) engine.offer(position(i), delivery(`d${i}`, 'w', 'ana'))
    expect(flying.get('w')).toBe(1)
    runAll()
    expect(sent.map(({ deliveryId }) => deliveryId)).toEqual(['d0', 'd1', 'd2', 'd3', 'd4'])
    expect(rest.world.mostFlyingOf.get('w')).toBe(1)
  })

  test('a quick retry blocks its own lane and no other', () => {
    const { engine, sent, runAll } = bound(
      world((id, attempt) => ({ outcome: id === 'd0' && attempt === 1 ? busy : ok })),
    )
    engine.offer(position(0), delivery('d0', 'w', 'ana'))
    engine.offer(position(1), delivery('d1', 'w', 'ana'))
    engine.offer(position(2), delivery('d2', 'w', 'ben'))
    runAll()
    expect(sent.map(({ deliveryId, attempt }) => `${deliveryId}#${attempt}`)).toEqual(['d0#1', 'd2#1', 'd0#2', 'd1#1'])
  })

  test('a webhook never has more requests in flight than its definition allows', () => {
    const made = world(() => ({ outcome: ok }))
    made.definitions.set('w', definition('w', { maxInFlight: 3 }))
    for (let i = 0; i < 50; i++) made.engine.offer(position(i), delivery(`d${i}`, 'w', `contact${i}`))
    made.runAll()
    expect(made.sent).toHaveLength(50)
    expect(made.mostFlyingOf.get('w')).toBe(3)
  })

  test('fast receivers use only a few sockets, and slow ones as many as they are allowed', () => {
    const mostFlying = (afterMs: number) => {
      const made = world(() => ({ outcome: ok, afterMs }), { maxInFlight: 700, maxHeld: 1_000 })
      made.definitions.set('w', definition('w', { maxInFlight: 300 }))
      for (let i = 0; i < 900; i++) made.engine.offer(position(i), delivery(`d${i}`, 'w', `contact${i}`))
      made.runAll()
      expect(made.sent).toHaveLength(900)
      return made.mostFlyingOf.get('w')
    }
    // Twice the limit where one generation ends and the next begins.
    expect(mostFlying(1)).toBeLessThanOrEqual(128)
    expect(mostFlying(50)).toBe(300)
  })

  test('slow webhooks, however many, leave slots to others', () => {
    const made = new SimulatedWorld(
      1,
      ({ webhookId }) =>
        webhookId === 'good'
          ? { outcome: ok, afterMs: 10 }
          : { outcome: { ...ok, latencyMs: 10_000 }, afterMs: 10_000 },
      { maxInFlight: 20, maxHeld: 4_000, maxHeldBytes: 4_000_000 },
    )
    made.assign(owned)
    const slow = Array.from({ length: 9 }, (_unused, i) => `slow${i}`)
    for (const id of [...slow, 'good']) made.definitions.set(id, definition(id, { maxInFlight: 8 }))
    const offered = slow.flatMap((id) =>
      Array.from({ length: 30 }, (_unused, i) => delivery(`${id}-${i}`, id, `c${i}`)),
    )
    for (const [offset, of] of offered.entries()) made.engine.offer(position(offset), of)
    // The first webhooks had more than their share until their first answers came.
    made.clock.runUntil(made.clock.nowMs + 15_000)
    expect(made.engine.inFlight).toBeLessThan(20)
    made.engine.offer(position(offered.length), delivery('good-1', 'good', 'c'))
    expect(made.sent.at(-1)?.deliveryId).toBe('good-1')
    made.runAll()
    expect(made.sent).toHaveLength(offered.length + 1)
  })

  test('webhooks take turns at the slots of the process', () => {
    const made = world(() => ({ outcome: ok }), { maxInFlight: 2 })
    made.definitions.set('v', definition('v'))
    for (let i = 0; i < 20; i++) made.engine.offer(position(i), delivery(`w${i}`, 'w', `contact${i}`))
    for (let i = 0; i < 2; i++) made.engine.offer(position(20 + i), delivery(`v${i}`, 'v', `contact${i}`))
    made.runAll()
    const lastOfV = made.sent.findLastIndex(({ webhookId }) => webhookId === 'v')
    expect(lastOfV).toBeLessThan(6)
  })
})

describe('offsets', () => {
  test('an offset is finished only when its record is acknowledged, and the lowest unfinished one is committed', () => {
    const made = world((id) => ({ outcome: ok, afterMs: id === 'd0' ? 500 : 10 }))
    for (let i = 0; i < 3; i++) made.engine.offer(position(i), delivery(`d${i}`, 'w', `contact${i}`))
    expect(commitsOf(made)).toEqual([position(0)])
    while (!made.settled.has('d2') || !made.settled.has('d1')) made.clock.step()
    const [commit] = made.engine.takeCommits()
    expect(commit).toMatchObject(position(0))
    expect(decodeOffsetMap(commit?.metadata ?? '', 0)).toMatchObject({ unfinished: [0], next: 3 })
    made.runAll()
    expect(commitsOf(made)).toEqual([position(3)])
    expect(commitsOf(made)).toEqual([])
    made.engine.recommitAll()
    expect(commitsOf(made)).toEqual([position(3)])
  })

  test('a record that arrives twice is sent once, both before and after it was answered', () => {
    const made = world(() => ({ outcome: ok }))
    made.engine.offer(position(0), delivery('d0', 'w', 'ana'))
    made.engine.offer(position(1), delivery('d0', 'w', 'ana'))
    expect(commitsOf(made)).toEqual([position(0)])
    made.runAll()
    made.engine.offer(position(2), delivery('d0', 'w', 'ana'))
    made.runAll()
    expect(made.sent).toHaveLength(1)
    expect(commitsOf(made)).toEqual([position(3)])
  })

  test('an unreadable record is finished when its dead letter is in Kafka, and a tombstone at once', () => {
    const made = world(() => ({ outcome: ok }))
    const letter = recordLetter(
      'unreadable',
      { ...position(0), key: Buffer.from('k'), value: Buffer.from('?') },
      'magic byte',
      0,
    )
    made.engine.offerUnsendable(position(0), letter)
    made.engine.offerUnsendable(position(1))
    expect(commitsOf(made)).toEqual([position(0)])
    made.runAll()
    expect(made.deadLetters).toEqual([letter])
    expect(commitsOf(made)).toEqual([position(2)])
  })
})

describe('assignments', () => {
  test('after a new assignment, deliveries in flight are not sent again, and queued ones are', () => {
    const made = world(() => ({ outcome: ok, afterMs: 100 }))
    for (let i = 0; i < 3; i++) made.engine.offer(position(i), delivery(`d${i}`, 'w', 'ana'))
    made.assign(owned)
    for (let i = 0; i < 3; i++) made.engine.offer(position(i), delivery(`d${i}`, 'w', 'ana'))
    made.runAll()
    expect(made.sent.map(({ deliveryId }) => deliveryId)).toEqual(['d0', 'd1', 'd2'])
    expect(commitsOf(made)).toEqual([position(3)])
  })

  test('a partition that has left is neither retried nor committed', () => {
    const made = world(() => ({ outcome: busy }))
    made.engine.offer(position(0, 1), delivery('d0', 'w', 'ana'))
    made.clock.runUntil(made.clock.nowMs + 10)
    made.assign({ partitions: new Map([[topic, [0]]]), fresh: false })
    made.runAll()
    expect(made.sent).toHaveLength(1)
    expect(made.engine.pool.count).toBe(0)
    expect(commitsOf(made)).toEqual([])
  })

  test('a request in flight in a partition that has left is recorded and not retried', () => {
    const made = world(() => ({ outcome: busy, afterMs: 100 }))
    made.engine.offer(position(0, 1), delivery('d0', 'w', 'ana'))
    made.assign({ partitions: new Map([[topic, [0]]]), fresh: false })
    made.runAll()
    expect(made.attempts).toHaveLength(1)
    expect(made.sent).toHaveLength(1)
    expect(made.engine.pool.count).toBe(0)
  })
})

test('a full engine says that it has no room, and tells when it has room again', () => {
  const made = world(() => ({ outcome: ok }), { maxHeld: 4 })
  let offered = 0
  while (made.engine.hasRoomFor(topic)) made.engine.offer(position(offered), delivery(`d${offered++}`, 'w', 'ana'))
  expect(offered).toBe(4)
  expect(made.rooms).toBe(0)
  made.runAll()
  expect(made.rooms).toBe(1)
  expect(made.engine.hasRoomFor(topic)).toBe(true)
})

test('draining ends what is in flight and starts nothing', async () => {
  const made = world(() => ({ outcome: ok, afterMs: 100 }))
  for (let i = 0; i < 3; i++) made.engine.offer(position(i), delivery(`d${i}`, 'w', 'ana'))
  const drained = made.engine.drain()
  made.runAll()
  await drained
  expect(made.sent).toHaveLength(1)
  expect(commitsOf(made)).toEqual([position(1)])
})

function bound(made: SimulatedWorld) {
  const { engine, sent, flying } = made
  return { world: made, engine, sent, flying, runAll: () => made.runAll() }
}
