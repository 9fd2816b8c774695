import type { HeldPartitions } from '../consumer.ts'
import { assertSameCounts, encodeHeld, readHeld, shareOut } from '../partitioning/co-partition.ts'
import type { Shares } from './subscription.ts'

/** How the leader of a group assigns partitions. Members of one group must have the same. */
export type GroupAssigner = {
  /** Its name in Kafka. Members of earlier versions know it, so it stays. */
  protocol: string
  /** Data that a member sends to the leader when it joins. */
  userData(held: HeldPartitions): Buffer
  /** @param counts topic -> its number of partitions. @returns member id -> its partitions. */
  assign(
    counts: ReadonlyMap<string, number>,
    members: readonly { memberId: string; userData: Buffer }[],
  ): ReadonlyMap<string, Shares>
}

/**
 * Assigns each partition number, for all topics of the group, to one member. All members must subscribe to the same
 * topics. Members report what they hold, so that numbers stay where they are.
 */
export const coPartition: GroupAssigner = {
  protocol: 'hookline-co-partition',
  userData: encodeHeld,
  assign: (counts, members) => {
    const shares = shareOut(
      assertSameCounts(counts),
      members.map(({ memberId, userData }) => readHeld(memberId, userData)),
    )
    const ofAllTopics = (numbers: number[]) => new Map([...counts.keys()].map((topic) => [topic, numbers]))
    return new Map([...shares].map(([memberId, numbers]) => [memberId, ofAllTopics(numbers)]))
  },
}

/** Assigns the partitions of all topics in turn. */
export const roundRobin: GroupAssigner = {
  protocol: 'RoundRobinAssigner',
  userData: () => Buffer.alloc(0),
  assign: (counts, members) => {
    const ids = members.map(({ memberId }) => memberId).sort()
    const shares = new Map(ids.map((id) => [id, new Map<string, number[]>()]))
    const partitions = [...counts].flatMap(([topic, count]) =>
      Array.from({ length: count }, (_unused, partition) => ({ topic, partition })),
    )
    for (const [index, { topic, partition }] of partitions.entries()) {
      const share = shares.get(ids[index % ids.length] ?? '')
      share?.set(topic, [...(share.get(topic) ?? []), partition])
    }
    return shares
  },
}
