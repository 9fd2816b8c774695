import fc from 'fast-check'
import { expect, test } from 'vitest'
import { FetchSession } from '../../../../../services/platform/kafka/readers/fetch-session.ts'
import type { FetchPosition } from '../../../../../services/platform/kafka/wire/fetch-protocol.ts'

const at = (partition: number, offset: number): FetchPosition => ({
  key: `t/${partition}`,
  topicId: 't',
  partition,
  offset,
  leaderEpoch: 0,
  maxBytes: 1,
})

const partitionsOf = (positions: readonly FetchPosition[]) => positions.map(({ partition }) => partition)

test('a fetch session names all partitions once, then those that changed, and those that are left out', () => {
  const session = new FetchSession<FetchPosition>()
  const [a, b, c] = [at(0, 5), at(1, 7), at(2, 9)]
  expect(session.next([a, b, c])).toMatchObject({ sessionId: 0, sessionEpoch: 0, positions: [a, b, c], forgotten: [] })
  session.answered(77)
  expect(session.next([a, b, c])).toEqual({ sessionId: 77, sessionEpoch: 1, positions: [], forgotten: [] })
  session.answered(77)
  const moved = at(1, 8)
  expect(session.next([a, moved])).toEqual({ sessionId: 77, sessionEpoch: 2, positions: [moved], forgotten: [c] })
  session.answered(77)
  expect(session.next([a, moved, c])).toEqual({ sessionId: 77, sessionEpoch: 3, positions: [c], forgotten: [] })
})

test('a lost fetch session begins again with all partitions', () => {
  const session = new FetchSession<FetchPosition>()
  const [a, b] = [at(0, 5), at(1, 7)]
  session.next([a, b])
  session.answered(77)
  session.reset()
  const { sessionId, sessionEpoch, positions } = session.next([a, b])
  expect({ sessionId, sessionEpoch, partitions: partitionsOf(positions).sort() }).toEqual({
    sessionId: 0,
    sessionEpoch: 0,
    partitions: [0, 1],
  })
})

test('partitions take turns at being first while the broker keeps no session', () => {
  const session = new FetchSession<FetchPosition>()
  const wanted = [at(0, 0), at(1, 0), at(2, 0)]
  const firsts = [0, 1, 2, 3].map(() => {
    const { positions, sessionEpoch } = session.next(wanted)
    session.answered(0)
    return [sessionEpoch, positions[0]?.partition]
  })
  expect(firsts).toEqual([
    [0, 0],
    [0, 1],
    [0, 2],
    [0, 0],
  ])
})

test('a broker that follows the requests knows exactly the wanted positions, whatever is paused, moved or lost', () => {
  const step = fc.record({
    moves: fc.array(fc.nat(5)),
    paused: fc.array(fc.nat(5)),
    answer: fc.constantFrom('kept', 'kept', 'kept', 'refused', 'lost'),
  })
  fc.assert(
    fc.property(fc.array(step), (steps) => {
      const session = new FetchSession<FetchPosition>()
      const positions = [0, 1, 2, 3, 4, 5].map((partition) => at(partition, 0))
      let broker = new Map<number, number>()
      for (const { moves, paused, answer } of steps) {
        for (const partition of moves) positions[partition] = at(partition, (positions[partition]?.offset ?? 0) + 1)
        const wanted = positions.filter(({ partition }) => !paused.includes(partition))
        const request = session.next(wanted)
        if (request.sessionEpoch === 0) broker = new Map()
        for (const { partition } of request.forgotten) broker.delete(partition)
        for (const { partition, offset } of request.positions) broker.set(partition, offset)
        expect(new Map([...broker].sort())).toEqual(new Map(wanted.map(({ partition, offset }) => [partition, offset])))
        if (answer === 'lost') session.reset()
        else session.answered(answer === 'kept' ? 9 : 0)
      }
    }),
  )
})
