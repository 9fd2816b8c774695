import fc from 'fast-check'
import { expect, test } from 'vitest'
import { coPartition, roundRobin } from '../../../../../services/platform/kafka/group/assigners.ts'
import {
  assertSameCounts,
  type Holder,
  PartitionCountsDiffer,
  shareOut,
} from '../../../../../services/platform/kafka/partitioning/co-partition.ts'

const memberId = fc.string({ minLength: 1, maxLength: 8 })
const count = fc.integer({ min: 0, max: 64 })
/** Claims that members may make: too much, twice, or of partitions that do not exist. */
const holders: fc.Arbitrary<Holder[]> = fc.uniqueArray(
  fc.record({ memberId, numbers: fc.array(fc.integer({ min: -1, max: 70 }), { maxLength: 70 }) }),
  { selector: (holder) => holder.memberId, minLength: 1, maxLength: 12 },
)
const memberIds = fc.uniqueArray(memberId, { minLength: 2, maxLength: 12 })

function holdersOf(shares: Map<string, number[]>): Holder[] {
  return [...shares].map(([id, numbers]) => ({ memberId: id, numbers }))
}

/** A new group, in which nobody holds anything. */
function fresh(total: number, ids: string[]): Map<string, number[]> {
  return shareOut(
    total,
    ids.map((id) => ({ memberId: id, numbers: [] })),
  )
}

test('every partition number belongs to exactly one member, and shares differ by one at most', () => {
  fc.assert(
    fc.property(count, holders, (total, members) => {
      const shares = shareOut(total, members)
      expect([...shares.keys()].sort()).toEqual(members.map((member) => member.memberId).sort())
      const all = [...shares.values()].flat().sort((a, b) => a - b)
      expect(all).toEqual(Array.from({ length: total }, (_, number) => number))
      for (const numbers of shares.values()) expect(numbers).toEqual([...numbers].sort((a, b) => a - b))
      const sizes = [...shares.values()].map((numbers) => numbers.length)
      expect(Math.max(...sizes) - Math.min(...sizes)).toBeLessThanOrEqual(1)
    }),
  )
})

test('the order in which members are listed does not matter', () => {
  const shuffled = holders.chain((members) =>
    fc.tuple(fc.constant(members), fc.shuffledSubarray(members, { minLength: members.length })),
  )
  fc.assert(
    fc.property(count, shuffled, (total, [members, others]) => {
      expect(new Map([...shareOut(total, others)].sort())).toEqual(new Map([...shareOut(total, members)].sort()))
    }),
  )
})

test('a group that rejoins without a change keeps its assignment', () => {
  fc.assert(
    fc.property(count, memberIds, (total, ids) => {
      const before = fresh(total, ids)
      expect(shareOut(total, holdersOf(before))).toEqual(before)
    }),
  )
})

test('when a member leaves, only its partition numbers move', () => {
  fc.assert(
    fc.property(count, memberIds, (total, ids) => {
      const before = fresh(total, ids)
      const after = shareOut(total, holdersOf(before).slice(1))
      for (const [id, numbers] of after) expect(numbers).toEqual(expect.arrayContaining(before.get(id) ?? []))
    }),
  )
})

test('when a member joins, partition numbers move only to it, and no more than its share', () => {
  fc.assert(
    fc.property(count, memberIds, (total, [newcomer = '', ...ids]) => {
      const before = fresh(total, ids)
      const after = shareOut(total, [...holdersOf(before), { memberId: newcomer, numbers: [] }])
      for (const id of ids) expect(before.get(id)).toEqual(expect.arrayContaining(after.get(id) ?? []))
      expect(after.get(newcomer)?.length).toBeLessThanOrEqual(Math.ceil(total / (ids.length + 1)))
    }),
  )
})

const topics = ['deliveries', 'parked', 'retries']

/** Joins as `claimedId` with the numbers of all topics; the group knows it as `knownId`. */
function member(knownId: string, claimedId: string, numbers: number[]) {
  const partitions = new Map(topics.map((topic) => [topic, numbers]))
  return { memberId: knownId, userData: coPartition.userData({ memberId: claimedId, partitions }) }
}

function assign(counts: Record<string, number>, members: ReturnType<typeof member>[]) {
  const shares = coPartition.assign(new Map(Object.entries(counts)), members)
  return Object.fromEntries([...shares].map(([id, ofMember]) => [id, Object.fromEntries(ofMember)]))
}

const four = { deliveries: 4, parked: 4, retries: 4 }
const all = (numbers: number[]) => Object.fromEntries(topics.map((topic) => [topic, numbers]))

test('members report what they hold through Kafka, and get the same numbers of every topic', () => {
  const assigned = assign(four, [member('a', 'a', [2, 3]), member('b', 'b', [0, 1])])
  expect(assigned).toEqual({ a: all([2, 3]), b: all([0, 1]) })
})

test('an expelled member that returns with a new id holds nothing', () => {
  const assigned = assign(four, [member('a-again', 'a', [0, 1]), member('b', 'b', [0, 1]), member('c', 'c', [3])])
  expect(assigned).toEqual({ 'a-again': all([2]), b: all([0, 1]), c: all([3]) })
})

test('topics with different partition counts are refused and named', () => {
  expect(() => assign({ ...four, parked: 6 }, [member('a', 'a', [])])).toThrow(
    'these topics must have the same number of partitions: deliveries has 4, parked has 6, retries has 4',
  )
})

test.each([
  { counts: [], result: 0 },
  { counts: [['x', 3]], result: 3 },
  {
    counts: [
      ['x', 3],
      ['y', 3],
    ],
    result: 3,
  },
] as { counts: [string, number][]; result: number }[])(
  'partition counts of $counts are equal: $result',
  ({ counts, result }) => {
    expect(assertSameCounts(new Map(counts))).toBe(result)
  },
)

test('a missing topic is named as missing', () => {
  const counts = new Map([
    ['x', 3],
    ['y', 0],
  ])
  expect(() => assertSameCounts(counts)).toThrow(PartitionCountsDiffer)
  expect(() => assertSameCounts(counts)).toThrow('x has 3, y is missing')
})

test('round robin shares the partitions of all topics in turn, in the order of the members', () => {
  const counts = new Map([
    ['x', 3],
    ['y', 2],
  ])
  const members = ['b', 'a', 'c'].map((memberId) => ({ memberId, userData: Buffer.alloc(0) }))
  const shares = roundRobin.assign(counts, members)
  expect(Object.fromEntries([...shares].map(([id, ofMember]) => [id, Object.fromEntries(ofMember)]))).toEqual({
    a: { x: [0], y: [0] },
    b: { x: [1], y: [1] },
    c: { x: [2] },
  })
  const alone = roundRobin.assign(new Map([['x', 1]]), members)
  expect([...alone.values()].map((ofMember) => ofMember.size)).toEqual([1, 0, 0])
})
