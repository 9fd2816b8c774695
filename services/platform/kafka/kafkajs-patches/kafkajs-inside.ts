import type { TopicMetadata } from './protocols/metadata-protocol.ts'

/** The parts of kafkajs' inner classes that we use; they have no types of their own. */

export type PartitionNumber = { partition: number }
export type TopicOffsets = { topic: string; partitions: (PartitionNumber & { offset: string })[] }

export type KafkajsCluster = {
  findTopicPartitionMetadata(topic: string): { partitionId: number; topicId?: string | null }[]
  fetchTopicsOffset(
    topics: { topic: string; partitions: PartitionNumber[]; fromBeginning: boolean }[],
  ): Promise<TopicOffsets[]>
  refreshMetadata(): Promise<void>
  readonly brokerPool?: { readonly metadata?: { topicMetadata: TopicMetadata[] } | null }
  removeBroker(address: { host: string; port: number }): void
  findBroker(of: { nodeId: number }): Promise<Coordinator>
  findGroupCoordinatorMetadata(of: {
    groupId: string
    coordinatorType: number
  }): Promise<{ coordinator: { nodeId: number } }>
}

export type Coordinator = {
  offsetFetch(asked: { groupId: string; topics: { topic: string; partitions: PartitionNumber[] }[] }): Promise<{
    responses: { topic: string; partitions: { partition: number; offset: string; metadata: string | null }[] }[]
  }>
}

export type CommitPayload = {
  topics: { topic: string; partitions: { partition: number; offset: string; metadata: string | null }[] }[]
}

export type OffsetManager = {
  readonly cluster: KafkajsCluster
  readonly groupId: string
  readonly generationId: number
  readonly topics: string[]
  readonly memberAssignment: Record<string, number[]>
  committedOffsets(): Record<string, Record<number, string | undefined>>
  coordinator: Coordinator
  getCoordinator(): Promise<Coordinator>
  nextOffset(topic: string, partition: number): { toString(): string }
  resolveOffset(next: { topic: string; partition: number; offset: string }): void
  resolveOffsets(): Promise<void>
  commitOffsets(payload: CommitPayload): Promise<void>
}

export type ConsumerGroup = {
  readonly cluster: KafkajsCluster
  readonly topicsSubscribed: string[]
  readonly generationId: number
  readonly offsetManager: OffsetManager | null
  readonly groupId: string
  readonly sessionTimeout: number
  coordinator: Coordinator
  /** Time of the last heartbeat that was answered, in milliseconds since the epoch. */
  readonly lastRequest: number
  heartbeat(options: { interval: number }): Promise<void>
  leave(): Promise<void>
  joinAndSync(): Promise<void>
  checkForStaleAssignment(): void
  recoverFromFetch(error: Error): Promise<void>
  recoverFromOffsetOutOfRange(error: { topic: string; partition: number }): Promise<void>
}

export type ConsumerGroupClass = new (options: { cluster: KafkajsCluster }) => ConsumerGroup
export type OffsetManagerClass = new (options: object) => OffsetManager
