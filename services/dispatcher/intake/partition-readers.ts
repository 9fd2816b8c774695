import type { GroupMembership, OpenQuietTopicReader } from '../../platform/kafka/access/kafka-access.ts'
import type { Assignment, Commit, CommitResult, RecordBatch } from '../../platform/kafka/consumer.ts'
import { coPartition } from '../../platform/kafka/group/assigners.ts'
import { membershipSettings } from '../../platform/kafka/group/membership-settings.ts'
import type { PartitionStart } from '../../platform/kafka/group/start-positions.ts'
import type { Positions } from '../../platform/kafka/readers/reading.ts'
import type { DispatcherService, KafkaConnections } from '../kafka-connections.ts'

/**
 * Maximum bytes per fetch, about 300 deliveries from one partition. A larger batch could exceed a fast webhook's share of
 * memory and push its deliveries into webhook-parked.
 */
const fetchBytes = 262_144
/** Longest wait of the broker for new records, and so the longest delay before a resumed partition is fetched. */
const maxWaitMs = 1_000

export type ReaderEvents = {
  /** Called at each new assignment, before its first batch. */
  onAssigned: (assignment: Assignment) => void
  onStart: (start: PartitionStart) => void
  /** @returns how many records were taken, from the first; the rest is fetched again. */
  onBatch: (batch: RecordBatch) => number | Promise<number>
}

/** The consumer group of the dispatcher, without the topic prefix. */
const group = 'dispatcher'

/**
 * Reads the topics that are dispatched. webhook-deliveries is fetched by the group's consumer. Delay topics, replays
 * and tests belong to the same assignment and are committed with it, but another reader fetches them, so that their
 * answers do not wait behind those of the busy topic.
 */
export class PartitionReaders implements AsyncDisposable {
  readonly #service: DispatcherService
  readonly #kafka: KafkaConnections
  readonly quietTopics: string[]
  readonly groupId: string
  #consumer: GroupMembership | undefined
  #quiet: OpenQuietTopicReader | undefined

  constructor(service: DispatcherService, kafka: KafkaConnections) {
    const { sources, deliveries } = kafka.topics
    this.#service = service
    this.#kafka = kafka
    this.quietTopics = [...sources.keys()].filter((topic) => topic !== deliveries)
    this.groupId = service.config.HOOKLINE_TOPIC_PREFIX + group
    kafka.isSilent = () => this.#consumer?.isSilent ?? false
  }

  /** Joins the group, however long it takes until Kafka answers. */
  async open({ onAssigned, onStart, onBatch }: ReaderEvents): Promise<void> {
    const { config, log, clock, readiness, stopping, fail } = this.#service
    const { kafka, topics } = this.#kafka
    const context = { log, clock, readiness, stopping }
    this.#quiet = await kafka.openQuietTopicReader(
      {
        topics: this.quietTopics,
        maxWaitMs,
        fail,
        onBatch: (batch) => (this.#consumer ? onBatch({ ...batch, assignment: this.#consumer.assignment }) : 0),
      },
      context,
    )
    this.#consumer = await kafka.joinGroup(
      {
        groupId: this.groupId,
        ...membershipSettings(config),
        maxWaitMs,
        fail,
        topics: [...topics.sources.keys()],
        fetched: [topics.deliveries],
        maxBytes: fetchBytes,
        assigner: coPartition,
        onAssigned: (assignment, self) => {
          // Called before open resolves.
          this.#consumer = self
          onAssigned(assignment)
        },
        onStart,
        onBatch,
      },
      context,
    )
  }

  /** Undefined before the group was joined for the first time. */
  get assignment(): Assignment | undefined {
    return this.#consumer?.assignment
  }

  /** See GroupConsumer.commit. */
  async commit(assignment: Assignment, commits: Commit[]): Promise<CommitResult> {
    return (await this.#consumer?.commit(assignment, commits)) ?? 'outdated'
  }

  pause(topic: string, partition: number): void {
    this.#fetching(topic)?.pause(topic, partition)
  }

  resume(topic: string, partition: number): void {
    this.#fetching(topic)?.resume(topic, partition)
  }

  /** Reads exactly the partitions of quiet topics that have a position here, each from its position on. */
  readQuietTopics(positions: Positions): void {
    this.#quiet?.read(positions)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#consumer?.[Symbol.asyncDispose]()
    await this.#quiet?.[Symbol.asyncDispose]()
  }

  #fetching(topic: string): Pick<GroupMembership, 'pause' | 'resume'> | undefined {
    return topic === this.#kafka.topics.deliveries ? this.#consumer : this.#quiet
  }
}
