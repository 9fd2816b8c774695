import type { TopicReplication } from '../../platform/kafka/topic-spec.ts'

const enoughReplicas = 3
/** Names of topics in one line. */
const mostNames = 3

/** Warnings that an acknowledged record may still be lost on these topics, one line for each reason. */
export function replicationWarnings(topics: readonly TopicReplication[]): string[] {
  const few = Map.groupBy(
    topics.filter(({ replicas }) => replicas < enoughReplicas),
    ({ replicas }) => replicas,
  )
  const warnings = [...few].map(([replicas, ofTopics]) => {
    const loss =
      replicas === 1
        ? 'a lost disk loses acknowledged records'
        : 'a record may be acknowledged while only one broker has it'
    return `${listNames(ofTopics)} with ${replicas} replica(s): ${loss}; ${enoughReplicas} replicas are recommended (docs/operating/clusters.md)`
  })
  const unclean = topics.filter(({ uncleanElection }) => uncleanElection)
  if (unclean.length > 0)
    warnings.push(
      `${listNames(unclean)} with unclean.leader.election.enable=true: a change of leaders may lose acknowledged records; set it to false`,
    )
  return warnings
}

function listNames(topics: readonly TopicReplication[]): string {
  const names = topics.slice(0, mostNames).map(({ topic }) => topic)
  const more = topics.length - names.length
  return `${topics.length} topic(s) (${names.join(', ')}${more > 0 ? `, and ${more} more` : ''})`
}
