import type { Admin, GroupMember, PartitionAssigner } from 'kafkajs'
import type { Held } from './consumer.ts'
import { AssignerProtocol } from './kafkajs-patches/kafkajs.ts'

/** A member of the group with the partition numbers that it held until now. */
export type Holder = { memberId: string; numbers: readonly number[] }

/** Topics that must have the same number of partitions have not. */
export class PartitionCountsDiffer extends Error {
  override name = 'PartitionCountsDiffer'
}

/**
 * Gives each partition number, of all topics of the group, to one member: for GroupConsumer's `assigner`. All members
 * must subscribe to the same topics. Members tell what they hold when they join, so that numbers stay where they are.
 */
export function coPartitionAssigner(held: () => Held): PartitionAssigner {
  // Of Kafka's own subscription format: brokers and tools read it too.
  const version = 0
  const name = 'hookline-co-partition'
  return ({ cluster }) => ({
    name,
    version,
    protocol: ({ topics }) => ({
      name,
      metadata: AssignerProtocol.MemberMetadata.encode({ version, topics, userData: encodeHeld(held()) }),
    }),
    assign: async ({ members, topics }) => {
      const counts = new Map(topics.map((topic) => [topic, cluster.findTopicPartitionMetadata(topic).length]))
      const shares = shareOut(assertSameCounts(counts), members.map(holderOf))
      return [...shares].map(([memberId, numbers]) => ({
        memberId,
        memberAssignment: AssignerProtocol.MemberAssignment.encode({
          version,
          assignment: Object.fromEntries(topics.map((topic) => [topic, numbers])),
          userData: Buffer.alloc(0),
        }),
      }))
    },
  })
}

/**
 * Shares 0 to count - 1 out, to within one of each other, moving as few as that allows; the same for every order of members.
 * @returns member id -> its numbers, ascending
 */
export function shareOut(count: number, members: readonly Holder[]): Map<string, number[]> {
  const taken = new Set<number>()
  const holders = [...members].sort(byId).map(({ memberId, numbers }) => {
    const kept = [...new Set(numbers)].filter((number) => number >= 0 && number < count && !taken.has(number)).sort(up)
    for (const number of kept) taken.add(number)
    return { memberId, kept }
  })
  // Those who hold most get the larger shares: nothing else keeps more numbers in place.
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

/** Topic -> how many partitions it has at present, 0 when it is not there. */
export async function partitionCounts(admin: Admin, topics: string[]): Promise<Map<string, number>> {
  const existing = new Set(await admin.listTopics())
  const present = topics.filter((topic) => existing.has(topic))
  const metadata = present.length === 0 ? [] : (await admin.fetchTopicMetadata({ topics: present })).topics
  const counts = new Map(metadata.map(({ name, partitions }) => [name, partitions.length]))
  return new Map(topics.map((topic) => [topic, counts.get(topic) ?? 0]))
}

/** @returns the count that all topics have. @throws PartitionCountsDiffer names every topic with its count */
export function assertSameCounts(counts: ReadonlyMap<string, number>): number {
  const [first = 0, ...others] = new Set(counts.values())
  if (others.length === 0) return first
  const list = [...counts].map(([topic, count]) => `${topic} ${count === 0 ? 'is missing' : `has ${count}`}`)
  throw new PartitionCountsDiffer(`these topics must have the same number of partitions: ${list.join(', ')}`)
}

/** The member id is told as well: a member that the group has expelled comes back with a new one, and holds nothing. */
function encodeHeld({ memberId, partitions }: Held): Buffer {
  const numbers = [...new Set([...partitions.values()].flat())].sort(up)
  return Buffer.from(JSON.stringify({ memberId, numbers }))
}

function holderOf({ memberId, memberMetadata }: GroupMember): Holder {
  const userData = AssignerProtocol.MemberMetadata.decode(memberMetadata)?.userData
  const held = JSON.parse(userData?.toString() || '{}') as Partial<Holder>
  return { memberId, numbers: held.memberId === memberId ? (held.numbers ?? []) : [] }
}

function up(a: number, b: number): number {
  return a - b
}

function byId(a: { memberId: string }, b: { memberId: string }): number {
  if (a.memberId === b.memberId) return 0
  return a.memberId < b.memberId ? -1 : 1
}
