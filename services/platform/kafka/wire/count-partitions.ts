import type { Cluster } from './cluster.ts'

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
