import type { TopicSpec } from '../platform/kafka/topics.ts'
import { type Topic, topics } from './map.ts'
import { topicName } from './schemas.ts'

const dayMs = 86_400_000
/** A topic as it is to be in Kafka. @param partitions of a data topic */
export function specOf(topic: Topic, prefix: string, partitions: number): TopicSpec {
  const { cleanup } = topic
  const settings: Record<string, string> =
    cleanup.policy === 'compact'
      ? { 'cleanup.policy': 'compact' }
      : { 'cleanup.policy': 'delete', 'retention.ms': String(cleanup.retentionDays * dayMs) }
  // A dead letter holds a whole unreadable record beside its reason: more than the largest record of any other topic.
  if (topic === topics.webhookDeadLetters) settings['max.message.bytes'] = String(4 * 1_048_576)
  if (topic.schema === topics.webhookStats.schema || topic === topics.webhookDeadLetterCounts) {
    // A record that a late writer put over a better one is repaired from that one (stats-aggregator/stored/stored-states.ts).
    settings['min.compaction.lag.ms'] = String(10 * 60_000)
    // Only closed segments are compacted, and all of the topic is read at a start.
    settings['segment.bytes'] = String(32 * 1_048_576)
  }
  if (topic === topics.webhookHealth) {
    // Snapshots of a failing webhook take 1 KB every two seconds, and whoever takes over reads all that is not compacted yet.
    settings['segment.bytes'] = String(4 * 1_048_576)
  }
  return { name: topicName(topic, prefix), partitions: topic.partitions === 'one' ? 1 : partitions, settings }
}
