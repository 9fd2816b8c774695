import {
  decodeConsumerProtocolAssignment,
  decodeConsumerProtocolSubscription,
  encodeConsumerProtocolAssignment,
  encodeConsumerProtocolSubscription,
} from '@platformatic/kafka'

/** Topic -> its partition numbers. */
export type Shares = ReadonlyMap<string, readonly number[]>

/** Version of Kafka's own formats for subscriptions and assignments, which brokers and tools read too. */
const version = 0

export function encodeSubscription(topics: string[], userData: Buffer): Buffer {
  return encodeConsumerProtocolSubscription({ version, topics, userData })
}

export function readUserData(subscription: Buffer): Buffer {
  return decodeConsumerProtocolSubscription(subscription).userData
}

/** @param shares member id -> its partitions. */
export function encodeShares(shares: ReadonlyMap<string, Shares>): { memberId: string; assignment: Buffer }[] {
  return [...shares].map(([memberId, partitions]) => ({
    memberId,
    assignment: encodeConsumerProtocolAssignment({
      version,
      assignedPartitions: [...partitions].map(([topic, numbers]) => ({ topic, partitions: [...numbers] })),
      userData: Buffer.alloc(0),
    }),
  }))
}

/** @param assignment empty for a member that the leader has left out, because it gets no partition. */
export function readShare(assignment: Buffer): Shares {
  if (assignment.length === 0) return new Map()
  const { assignedPartitions } = decodeConsumerProtocolAssignment(assignment)
  return new Map(assignedPartitions.map(({ topic, partitions }) => [topic, partitions]))
}
