import { randomUUID } from 'node:crypto'
import type { Kafka } from 'kafkajs'
import { retryUntilDone, type WaitContext } from '../../runtime/retry-until.ts'
import { type ConsumedRecord, GroupConsumer } from '../consumer.ts'
import { singleMemberSettings } from '../consumer-options.ts'
import { withAdmin } from '../topics.ts'
import { deleteOwnGroup } from './own-group.ts'
import { type ReportUnread, unreadReporter } from './table.ts'

export type TailOptions = {
  topic: string
  /** Prefix of the consumer group ids; every instance reads alone, in its own group. */
  groupPrefix: string
  /**
   * Called in order with every record that arrives from now on.
   * @param unread to be called, at once or later, if the record cannot be read.
   */
  onRecord: (record: ConsumedRecord, unread: ReportUnread) => void
  fail: (error: unknown) => void
}

/** Reads a topic from its current end; existing records are not read. */
export async function tailTopic(kafka: Kafka, options: TailOptions, context: WaitContext): Promise<AsyncDisposable> {
  const { topic, groupPrefix, onRecord, fail } = options
  const groupId = `${groupPrefix}-${randomUUID()}`
  const ends = await retryUntilDone(`topic ${topic}`, context, () =>
    withAdmin(kafka, (admin) => admin.fetchTopicOffsets(topic)),
  )
  const positions = new Map(ends.map(({ partition, high }) => [partition, Number(high)]))
  const consumer = await GroupConsumer.open(
    kafka,
    {
      groupId,
      topics: [topic],
      ...singleMemberSettings,
      fail,
      // Nothing is committed, so a group that rejoins continues at its own positions.
      onAssigned: (_assignment, member) => {
        for (const [partition, offset] of positions) member.seek(topic, partition, offset)
      },
      onBatch: ({ partition, records, nextOffset }) => {
        for (const record of records)
          if (record.offset >= (positions.get(partition) ?? 0))
            onRecord(record, unreadReporter(record, describePosition(record), context))
        positions.set(partition, nextOffset)
        return records.length
      },
    },
    context,
  )
  return {
    async [Symbol.asyncDispose]() {
      await consumer[Symbol.asyncDispose]()
      await withAdmin(kafka, (admin) => deleteOwnGroup(admin, groupId, context.log))
    },
  }
}

/** Name of a record of a topic without keys that replace one another. */
export function describePosition({ partition, offset }: Pick<ConsumedRecord, 'partition' | 'offset'>): string {
  return `${partition}/${offset}`
}
