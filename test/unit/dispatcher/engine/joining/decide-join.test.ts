import fc from 'fast-check'
import { expect, test } from 'vitest'
import { decideJoin, isJoinable, type Joinable } from '../../../../../services/dispatcher/engine/joining/decide-join.ts'
import { messageDelivery, statusDelivery } from '../../../../support/simulation.ts'

const message = (id: string, createdAt = 0, over: Partial<Joinable> = {}): Joinable => ({
  delivery: messageDelivery(id, 'w', 'ana', createdAt),
  replayId: null,
  attempts: [],
  isJoined: false,
  ...over,
})
const status: Joinable = { ...message('s'), delivery: statusDelivery('s', 'w', 'ana', 'read', 'm') }

test.each<[string, Joinable, boolean]>([
  ['a message', message('a'), true],
  ['a status', status, false],
  ['a replay', message('a', 0, { replayId: 'r1' }), false],
  ['a message that was tried', message('a', 0, { attempts: [{}] }), false],
  ['what messages became', message('a', 0, { isJoined: true }), false],
])('only messages that were not sent are joined: %s', (_what, item, expected) => {
  expect(isJoinable(item)).toBe(expected)
})

test.each<[string, Joinable[], number, object]>([
  ['one within its window', [message('a', 1_000)], 3_000, { kind: 'wait', delayMs: 3_000 }],
  ['several within the window', [message('a', 0), message('b', 4_000)], 4_500, { kind: 'wait', delayMs: 500 }],
  ['one whose window is over', [message('a', 0)], 5_000, { kind: 'join', count: 1 }],
  ['several whose window is over', [message('a', 0), message('b', 4_999)], 5_000, { kind: 'join', count: 2 }],
  ['one that came after the window', [message('a', 0), message('b', 5_000)], 6_000, { kind: 'join', count: 1 }],
  ['a status behind it', [message('a', 0), status, message('b', 1)], 10, { kind: 'join', count: 1 }],
  [
    'another conversation behind it',
    [message('a', 0), { ...message('b', 1), delivery: messageDelivery('b', 'w', 'eva', 1) }],
    10,
    { kind: 'join', count: 1 },
  ],
  ['a clock that is ahead', [message('a', 60_000)], 0, { kind: 'wait', delayMs: 5_000 }],
])(
  'a window of 5 s begins with the first message and ends early when nothing more can join: %s',
  (_what, lane, nowMs, expected) => {
    expect(decideJoin(lane, 5_000, nowMs)).toMatchObject(expected)
  },
)

test('no more than 500 notifications are joined, and then without waiting', () => {
  const lane = Array.from({ length: 501 }, (_unused, n) => message(`m${n}`, n))
  expect(decideJoin(lane, 60_000, 600)).toMatchObject({ kind: 'join', count: 500 })
})

test('what is joined has the data of the first message, and the definition that is newest', () => {
  const [first, second] = [message('a', 10), message('b', 20)]
  const newer = { ...second, delivery: { ...second.delivery, definitionOffset: 7, definitionVersion: 3 } }
  const decision = decideJoin([first, newer], 1_000, 5_000)
  expect(decision).toMatchObject({
    kind: 'join',
    count: 2,
    delivery: { eventId: 'event-of-a', createdAt: 10, definitionOffset: 7, definitionVersion: 3 },
  })
})

test('different messages make different ids, the same ones the same id, and none is that of a message', () => {
  const idOf = (...ids: string[]) => {
    const decision = decideJoin(
      ids.map((id) => message(id)),
      1,
      1_000,
    )
    return decision.kind === 'join' ? decision.delivery.deliveryId : null
  }
  const ids = [idOf('a'), idOf('b'), idOf('a', 'b'), idOf('b', 'a'), idOf('a', 'b', 'c')]
  expect(new Set([...ids, 'a', 'b', 'c']).size).toBe(ids.length + 3)
  expect(idOf('a', 'b')).toBe(ids[2])
  for (const id of ids) expect(id).toMatch(/^msg_[\w-]{43}$/)
})

test('whatever is in a lane becomes notifications of all messages, each once and in order', () => {
  const item = fc.record({ gapMs: fc.nat(4_000), isStatus: fc.nat(4).map((roll) => roll === 0) })
  fc.assert(
    fc.property(
      fc.array(item, { minLength: 1, maxLength: 30 }),
      fc.integer({ min: 1, max: 10_000 }),
      (items, windowMs) => {
        let atMs = 0
        let left = items.map(({ gapMs, isStatus }, n) => {
          atMs += gapMs
          return isStatus ? status : message(`m${n}`, atMs)
        })
        const expected = left.filter(isJoinable).map(({ delivery }) => delivery.deliveryId)
        const sent: string[] = []
        for (let nowMs = 0; left.length > 0; ) {
          const [head] = left as [Joinable]
          if (!isJoinable(head)) {
            left = left.slice(1)
            continue
          }
          nowMs = Math.max(nowMs, head.delivery.createdAt)
          const decision = decideJoin(left, windowMs, nowMs)
          if (decision.kind === 'wait') {
            expect(decision.delayMs).toBeGreaterThan(0)
            expect(decision.delayMs).toBeLessThanOrEqual(windowMs)
            nowMs += decision.delayMs
            continue
          }
          const { messages } = JSON.parse(decision.delivery.body.toString()) as { messages: { _id_: string }[] }
          expect(messages).toHaveLength(decision.count)
          sent.push(...messages.map(({ _id_ }) => _id_))
          left = left.slice(decision.count)
        }
        expect(sent).toEqual(expected)
      },
    ),
  )
})
