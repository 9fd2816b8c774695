import type { TopicSpec } from '../../platform/kafka/topic-spec.ts'
import { topicName } from '../schemas.ts'
import { type Topic, topics } from '../topic-map.ts'
import { type Retention, retentionHours } from './retention.ts'

const hourMs = 3_600_000

/** The specification of a topic in Kafka. @param partitions number for a data topic. */
export function toTopicSpec(topic: Topic, prefix: string, partitions: number, retention?: Retention): TopicSpec {
  const hours = retentionHours(topic, retention)
  const settings: Record<string, string> =
    hours === null
      ? { 'cleanup.policy': 'compact' }
      : { 'cleanup.policy': 'delete', 'retention.ms': String(hours * hourMs) }
  // Kafka deletes whole segments: with its default of 7 days, a text could stay a week beyond its retention.
  if (topic.retentionVariable) settings['segment.ms'] = String(24 * hourMs)
  // A dead letter holds a whole unreadable record and its reason: more than the largest record of any other topic.
  if (topic === topics.webhookDeadLetters) settings['max.message.bytes'] = String(4 * 1_048_576)
  if (topic.schema === topics.webhookStats.schema || topic === topics.webhookDeadLetterCounts) {
    // Keeps a record readable for ten minutes after a late writer has overwritten it, so that it can be restored
    // (stats-aggregator/stored/stored-states.ts).
    settings['min.compaction.lag.ms'] = String(10 * 60_000)
    // Only closed segments are compacted, and the whole topic is read at a start.
    settings['segment.bytes'] = String(32 * 1_048_576)
  }
  if (topic === topics.webhookHealth) {
    // Snapshots of a failing webhook take 1 KB every two seconds, and a takeover reads everything that is not compacted
    // yet.
    settings['segment.bytes'] = String(4 * 1_048_576)
  }
  return { name: topicName(topic, prefix), partitions: topic.partitions === 'one' ? 1 : partitions, settings }
}
