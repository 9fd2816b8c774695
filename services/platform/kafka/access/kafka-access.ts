import type { WaitContext } from '../../runtime/retry-until.ts'
import type { Committed } from '../committed.ts'
import type { GroupConsumer } from '../group/group-consumer.ts'
import type { GroupConsumerOptions } from '../group/group-consumer-options.ts'
import type { BatchingProducer, ProducerOptions } from '../produce/producer.ts'
import type { QuietTopicReader, QuietTopicReaderOptions } from '../readers/quiet-topic-reader.ts'
import type { RangeReader, RangeReaderOptions } from '../readers/range-reader.ts'
import type { TableOptions, TopicTable } from '../readers/table.ts'

/**
 * Kafka as the services of the pipeline use it. The connections to a cluster implement it (access-kafka.ts), and so does
 * the model of Kafka that the simulation runs the services on (test/simulation).
 */
export type KafkaAccess = {
  /** Joins the group, waiting until Kafka can be reached. */
  joinGroup(options: GroupConsumerOptions, context: WaitContext): Promise<GroupMembership>
  /** Connects and checks the write rights, waiting as long as that takes. */
  openProducer(options: ProducerOptions & Failing, context: WaitContext): Promise<OpenProducer>
  /** Resolves once everything in the topic at the time of the call has been folded. */
  openTable(options: TableOptions, context: WaitContext): Promise<OpenTable>
  openRangeReader(options: RangeReaderOptions, context: WaitContext): Promise<OpenRangeReader>
  /** Reads no partitions yet. */
  openQuietTopicReader(options: QuietTopicReaderOptions, context: WaitContext): Promise<OpenQuietTopicReader>
  /** Commits of a group for the logs that exist now: topic -> partition -> commit. Waits until Kafka answers. */
  committed(groupId: string, topics: string[], context: WaitContext): Promise<Map<string, Map<number, Committed>>>
  /** Topic -> its id, where the brokers provide one. Waits until Kafka answers and the topics exist. */
  logIds(topics: string[], context: WaitContext): Promise<Map<string, string>>
  /** Topic -> its number of partitions; 0 if it does not exist. @throws when Kafka does not answer. */
  partitionCounts(topics: string[]): Promise<Map<string, number>>
  /** Topic -> partition -> offset that its next record will get. @throws when Kafka does not answer. */
  ends(topics: string[]): Promise<Map<string, ReadonlyMap<number, number>>>
}

type Failing = {
  /** Called for a fault that waiting does not fix; must end the process. */
  fail: (error: unknown) => void
}

export type GroupMembership = AsyncDisposable &
  Pick<GroupConsumer, 'assignment' | 'isSilent' | 'commit' | 'pause' | 'resume' | 'seek'>

export type OpenProducer = AsyncDisposable & Pick<BatchingProducer, 'bufferedBytes' | 'takes' | 'send' | 'enqueue'>

export type OpenTable = AsyncDisposable & Pick<TopicTable, 'caughtUp' | 'written' | 'reached' | 'position'>

export type OpenRangeReader = AsyncDisposable & Pick<RangeReader, 'read' | 'ends' | 'offsetsAt'>

export type OpenQuietTopicReader = AsyncDisposable & Pick<QuietTopicReader, 'read' | 'pause' | 'resume'>
