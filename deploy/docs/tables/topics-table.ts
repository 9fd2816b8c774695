import { type Topic, topics } from '../../../services/topics/topic-map.ts'
import { code, table } from '../markdown.ts'

/** The topics of services/topics/topic-map.ts, in the order of the data flow. */
export function topicsTable(): string {
  const head = ['topic', 'key', 'value', 'written by', 'read by', 'kept', 'partitions']
  const rows = Object.values(topics).map((topic: Topic) => [
    code(topic.name),
    /[<:]/.test(topic.key) ? code(topic.key) : topic.key,
    `[${topic.schema.endsWith('.avsc') ? 'Avro' : 'JSON'}](../../schemas/${topic.schema})`,
    topic.writers.join(', '),
    topic.readers.join(', '),
    keptFor(topic),
    topic.partitions === 'one' ? '1' : code('HOOKLINE_PARTITIONS'),
  ])
  return table(head, rows)
}

function keptFor({ cleanup, retentionVariable }: Topic): string {
  if (cleanup.policy === 'compact') return 'the latest of each key'
  const days = inDays(cleanup.retentionDays)
  return retentionVariable ? `${days}, or ${code(retentionVariable)}` : days
}

function inDays(days: number): string {
  return days === 1 ? '1 day' : `${days} days`
}
