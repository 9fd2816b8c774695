export type ConsumedRecord = {
  topic: string
  partition: number
  offset: number
  key: Buffer | null
  value: Buffer | null
  /** A name that comes twice has a list of values. */
  headers: Record<string, Buffer | string | (Buffer | string)[] | undefined> | undefined
  /** Milliseconds since the epoch. */
  timestampMs: number
}

/**
 * Partitions that the group assigned to this instance. Work is tagged with its assignment, and an outdated one commits
 * nothing.
 */
export type Assignment = {
  /** Topic -> partition numbers. */
  readonly partitions: ReadonlyMap<string, readonly number[]>
  readonly current: boolean
  /**
   * Whether other members may have had these partitions meanwhile: true for a new member, or one that missed a
   * generation.
   */
  readonly fresh: boolean
}

export type RecordBatch = {
  topic: string
  partition: number
  records: ConsumedRecord[]
  /** Offset that the partition's next record will get. */
  highWatermark: number
  /** Offset of the next fetch once all records are taken: after the last record, and after records that consumers never get, such as markers of transactions. */
  nextOffset: number
  assignment: Assignment
}

/** Partitions that a member held before it rejoins; see coPartitionAssigner. */
export type HeldPartitions = { memberId: string; partitions: ReadonlyMap<string, readonly number[]> }

export type Commit = { topic: string; partition: number; offset: number; metadata?: string }

/**
 * outdated: the assignment is no longer the current one. failed: Kafka did not accept the commit, and a later one makes
 * up for it. In both cases nothing was committed.
 */
export type CommitResult = 'committed' | 'outdated' | 'failed'
