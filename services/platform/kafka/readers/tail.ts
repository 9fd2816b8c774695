import { retryUntilDone, type WaitContext } from '../../runtime/retry-until.ts'
import type { Kafka } from '../client.ts'
import type { ConsumedRecord } from '../consumer.ts'
import { openReader } from './open-reader.ts'
import { idleWaitMs } from './reading.ts'
import { type ReportUnread, unreadReporter } from './table.ts'

export type TailOptions = {
  topic: string
  /**
   * Called in order with every record that arrives from now on.
   * @param unread to be called, at once or later, if the record cannot be read.
   */
  onRecord: (record: ConsumedRecord, unread: ReportUnread) => void
  fail: (error: unknown) => void
}

/** Reads a topic from its current end; existing records are not read. */
export async function tailTopic(kafka: Kafka, options: TailOptions, context: WaitContext): Promise<AsyncDisposable> {
  const { topic, onRecord, fail } = options
  const reading = {
    topics: [topic],
    maxWaitMs: idleWaitMs,
    fail,
    onBatch: ({ records }: { records: ConsumedRecord[] }) => {
      for (const record of records) onRecord(record, unreadReporter(record, describePosition(record), context))
      return records.length
    },
    // Their first record came after the topic's end of that time.
    onMorePartitions: (_topic: string, partitions: number) => reader.beginAdded(topic, partitions),
  }
  const reader = await openReader(kafka, `kafka reader of ${topic}`, reading, context)
  const ends = await retryUntilDone(`topic ${topic}`, context, () => kafka.cluster.ends(topic))
  reader.read(new Map([[topic, new Map(ends.map(({ partition, high }) => [partition, high]))]]))
  return reader
}

/** Name of a record of a topic without keys that replace one another. */
export function describePosition({ partition, offset }: Pick<ConsumedRecord, 'partition' | 'offset'>): string {
  return `${partition}/${offset}`
}
