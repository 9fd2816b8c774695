import type { BatchingProducer } from '../platform/kafka/produce/producer.ts'
import type { TopicTable } from '../platform/kafka/readers/table.ts'
import type { topics } from '../topics/topic-map.ts'
import type { TopicUse } from '../topics/topic-use.ts'

/** @param value null deletes. @returns the offset, once the record has come back to the table. */
export type WriteRecord = (
  key: string,
  value: Buffer | string | null,
  headers?: Record<string, string>,
) => Promise<number>

/** Partition of both config topics: they have only one, so all records of a topic are in one order. */
const partition = 0

/** Writes to a config topic. Each write resolves once its own record has come back to the table. */
export function recordWriter(
  topic: (typeof topics)['webhookConfig' | 'accountConfig'],
  use: TopicUse,
  producer: Pick<BatchingProducer, 'send'>,
  table: Pick<TopicTable, 'position' | 'written'>,
): WriteRecord {
  const name = use.write(topic)
  return async (key, value, headers = {}) => {
    const before = table.position(partition)
    const record = { topic: name, partition, key, value, headers }
    // The write is refused at once while the topic may not be written, because a change must not take effect hours
    // after it was requested.
    const { offset } = await producer.send({ ...record, whileForbidden: 'refuse' })
    if (offset === null) throw new Error('Kafka acknowledged a record of a chosen partition without its offset')
    await table.written(partition, offset, before)
    return offset
  }
}
