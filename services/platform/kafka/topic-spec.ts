export type TopicSpec = {
  name: string
  partitions: number
  /** Settings by Kafka's names; other settings are left unchanged. */
  settings: Record<string, string>
}

/** How many copies of a record a topic keeps, and what an acknowledgement (acks=all) means there. */
export type TopicReplication = {
  topic: string
  replicas: number
  minInSync: number
  /** Whether a replica that lacks acknowledged records may become leader. */
  uncleanElection: boolean
}

/**
 * The least min.insync.replicas for a number of replicas. From three on, an acknowledged record is on two brokers, and
 * one broker may be away. With two replicas that would stop all writes while one is away.
 */
export function leastInSync(replicas: number): number {
  return replicas >= 3 ? 2 : 1
}
