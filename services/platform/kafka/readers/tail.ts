import { randomUUID } from 'node:crypto'
import type { Kafka } from 'kafkajs'
import { retryUntilDone, type WaitContext } from '../../runtime/retry-until.ts'
import { type ConsumedRecord, GroupConsumer } from '../consumer.ts'
import { loneMember } from '../consumer-options.ts'
import { withAdmin } from '../topics.ts'

export type TailOptions = {
  topic: string
  /** Consumer group ids begin with it; every instance reads alone, in a group of its own. */
  groupPrefix: string
  /** Called with every record that comes from now on, in order. */
  onRecord: (record: ConsumedRecord) => void
  fail: (error: unknown) => void
}

/** Follows a topic from its present end on; what is there already is not read. */
export async function followTopic(kafka: Kafka, options: TailOptions, context: WaitContext): Promise<AsyncDisposable> {
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
      ...loneMember,
      fail,
      // Nothing is committed: a group that rejoins goes on where it was.
      onAssigned: (_assignment, member) => {
        for (const [partition, offset] of positions) member.seek(topic, partition, offset)
      },
      onBatch: ({ partition, records, nextOffset }) => {
        for (const record of records) if (record.offset >= (positions.get(partition) ?? 0)) onRecord(record)
        positions.set(partition, nextOffset)
        return records.length
      },
    },
    context,
  )
  return {
    async [Symbol.asyncDispose]() {
      await consumer[Symbol.asyncDispose]()
      await withAdmin(kafka, (admin) => admin.deleteGroups([groupId]))
    },
  }
}
