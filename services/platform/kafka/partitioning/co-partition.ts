import type { HeldPartitions } from '../consumer.ts'

/** A member of the group with the partition numbers that it has held until now. */
export type Holder = { memberId: string; numbers: readonly number[] }

/** Error of topics that must have the same number of partitions and do not. */
export class PartitionCountsDiffer extends Error {
  override name = 'PartitionCountsDiffer'
}

/**
 * Distributes 0 to count - 1 evenly (shares differ by one at most) while moving as few numbers as possible. The result
 * does not depend on the order of members.
 * @returns member id -> its numbers, ascending.
 */
export function shareOut(count: number, members: readonly Holder[]): Map<string, number[]> {
  const taken = new Set<number>()
  const holders = [...members].sort(byId).map(({ memberId, numbers }) => {
    const kept = [...new Set(numbers)].filter((number) => number >= 0 && number < count && !taken.has(number)).sort(up)
    for (const number of kept) taken.add(number)
    return { memberId, kept }
  })
  // The members that hold most get the larger shares: no other choice keeps more numbers in place.
  const byHolding = holders.sort((a, b) => b.kept.length - a.kept.length || byId(a, b))
  const smallest = Math.floor(count / members.length)
  const larger = count % members.length
  const shares = byHolding.map(({ memberId, kept }, index) => {
    const size = index < larger ? smallest + 1 : smallest
    return { memberId, size, numbers: kept.slice(0, size) }
  })
  const placed = new Set(shares.flatMap(({ numbers }) => numbers))
  const free = Array.from({ length: count }, (_, number) => number).filter((number) => !placed.has(number))
  return new Map(
    shares.map(({ memberId, size, numbers }) => [
      memberId,
      [...numbers, ...free.splice(0, size - numbers.length)].sort(up),
    ]),
  )
}

/** @returns the count of all topics. @throws PartitionCountsDiffer, which names every topic with its count. */
export function assertSameCounts(counts: ReadonlyMap<string, number>): number {
  const [first = 0, ...others] = new Set(counts.values())
  if (others.length === 0) return first
  const list = [...counts].map(([topic, count]) => `${topic} ${count === 0 ? 'is missing' : `has ${count}`}`)
  throw new PartitionCountsDiffer(`these topics must have the same number of partitions: ${list.join(', ')}`)
}

/** The member id is included because an expelled member comes back with a new one, and then holds nothing. */
export function encodeHeld({ memberId, partitions }: HeldPartitions): Buffer {
  const numbers = [...new Set([...partitions.values()].flat())].sort(up)
  return Buffer.from(JSON.stringify({ memberId, numbers }))
}

/** @param userData see encodeHeld. */
export function readHeld(memberId: string, userData: Buffer): Holder {
  const held = JSON.parse(userData.toString() || '{}') as Partial<Holder>
  return { memberId, numbers: held.memberId === memberId ? (held.numbers ?? []) : [] }
}

function up(a: number, b: number): number {
  return a - b
}

function byId(a: { memberId: string }, b: { memberId: string }): number {
  if (a.memberId === b.memberId) return 0
  return a.memberId < b.memberId ? -1 : 1
}
