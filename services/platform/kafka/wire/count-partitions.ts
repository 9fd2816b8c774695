import type { Cluster } from './cluster.ts'

/**
 * Topic -> its number of partitions. @throws KafkaFault also for a topic that the broker does not know: if it has just
 * been created, or the broker is behind, its partitions would be assigned to nobody until the next rebalance.
 */
export async function countExisting(
  cluster: Pick<Cluster, 'metadata'>,
  topics: readonly string[],
): Promise<Map<string, number>> {
  const states = await cluster.metadata(topics)
  for (const { fault } of states.values()) if (fault) throw fault
  return new Map([...states].map(([topic, { leaders }]) => [topic, leaders.length]))
}

/** Topic -> its number of partitions; 0 if it does not exist. @throws KafkaFault if that cannot be told. */
export async function countPartitions(
  cluster: Pick<Cluster, 'metadata'>,
  topics: readonly string[],
): Promise<Map<string, number>> {
  const states = await cluster.metadata(topics)
  const count = (topic: string) => {
    const { leaders = [], fault = null } = states.get(topic) ?? {}
    if (fault && fault.kind !== 'gone') throw fault
    return leaders.length
  }
  return new Map(topics.map((topic) => [topic, count(topic)]))
}
