import type { Kafka } from '../client.ts'
import { fetchCommitted, fetchLogIds } from '../committed.ts'
import { GroupConsumer } from '../group/group-consumer.ts'
import { BatchingProducer } from '../produce/producer.ts'
import { QuietTopicReader } from '../readers/quiet-topic-reader.ts'
import { RangeReader } from '../readers/range-reader.ts'
import { TopicTable } from '../readers/table.ts'
import { countPartitions } from '../wire/count-partitions.ts'
import { listHighs } from '../wire/list-offsets.ts'
import type { KafkaAccess } from './kafka-access.ts'

/** A cluster that is reached through a client. */
export function accessKafka(kafka: Kafka): KafkaAccess {
  return {
    joinGroup: (options, context) => GroupConsumer.open(kafka, options, context),
    openProducer: ({ fail, ...options }, context) => BatchingProducer.open(kafka, context, fail, options),
    openTable: (options, context) => TopicTable.open(kafka, options, context),
    openRangeReader: (options, context) => RangeReader.open(kafka, options, context),
    openQuietTopicReader: (options, context) => QuietTopicReader.open(kafka, options, context),
    committed: (groupId, topics, context) => fetchCommitted(kafka, groupId, topics, context),
    logIds: (topics, context) => fetchLogIds(kafka, topics, context),
    partitionCounts: (topics) => countPartitions(kafka.cluster, topics),
    ends: async (topics) => listHighs(kafka.cluster, await kafka.cluster.metadata(topics)),
  }
}
