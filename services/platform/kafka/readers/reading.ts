import type { Clock } from '../../runtime/clock.ts'
import type { ConsumedRecord } from '../consumer.ts'
import type { PartitionLeader } from '../wire/cluster.ts'
import type { FetchPosition, SendFetch } from '../wire/fetch-protocol.ts'
import type { KafkaFault } from '../wire/kafka-fault.ts'

/**
 * Longest wait of a poll that brings nothing: each poll costs CPU here and at the broker. Such polls end at the same
 * moments, whichever reader of the process they belong to.
 */
export const idleWaitMs = 4_000

/** Topic -> partition -> offset to read from. */
export type Positions = ReadonlyMap<string, ReadonlyMap<number, number>>

export type FetchedBatch = {
  topic: string
  partition: number
  records: ConsumedRecord[]
  /** Offset that the partition's next record will get. */
  highWatermark: number
  /** Offset of the next fetch once all records are taken. */
  nextOffset: number
}

export type PartitionReaderOptions = {
  /**
   * Longest time that a broker waits for new records; bounds how late a resumed partition is fetched. While nothing is
   * paused and nothing arrives, it is up to four seconds.
   */
  maxWaitMs: number
  /** A broker answers earlier once it has this many bytes; 1 by default, and while nothing arrives. */
  minBytes?: number
  /** Maximum bytes of an answer, unless its first batch is larger. */
  maxBytes?: number
  maxBytesPerPartition?: number
  /** Topic ids of logs that are already known; any other id ends the process. */
  logIds?: ReadonlyMap<string, string>
  /**
   * Called with each batch, one at a time for a partition. While a promise is pending, its partition is not fetched.
   * @returns how many of the records were taken, counted from the first. The rest is delivered again.
   */
  onBatch: (batch: FetchedBatch) => number | Promise<number>
  /**
   * Called when reading continues behind records that readers never see: markers of transactions, aborted records, and
   * those that were deleted.
   */
  onPassed?: (passed: { topic: string; partition: number; nextOffset: number }) => void
  /** Called when records were deleted before they were read. */
  onDeleted?: (deleted: { topic: string; partition: number; fromOffset: number; toOffset: number }) => void
  /** Called when a topic that is read has more partitions than before. */
  onMorePartitions?: (topic: string, partitions: number) => void
  /** Called with the fault of a partition or broker, which the reader keeps trying; with null once it works again. */
  onFault?: (place: string, fault: KafkaFault | null) => void
  /** Called for a fault that waiting does not fix; must end the process. */
  fail: (error: unknown) => void
  clock: Clock
  /** How answers are decoded; for comparisons. */
  send?: SendFetch
}

/** A partition that is read. */
export type Reading = {
  topic: string
  partition: number
  /** As placeOf makes it. */
  place: string
  /** Offset of the next fetch. */
  position: number
  isPaused: boolean
  /** Whether a fault was met a moment ago. */
  isHeldBack: boolean
  /** Changes with each seek, and at the end: what was fetched before is dropped. */
  generation: number
  leader: PartitionLeader
  /** Its position in the latest fetch. */
  asked: AskedPosition | null
}

/** A position as it was asked for. */
export type AskedPosition = FetchPosition & { reading: Reading; generation: number }

export function placeOf(topic: string, partition: number): string {
  return `${topic}/${partition}`
}
