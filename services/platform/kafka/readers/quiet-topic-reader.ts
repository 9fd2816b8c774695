import type { WaitContext } from '../../runtime/retry-until.ts'
import type { Kafka } from '../client.ts'
import { openReader } from './open-reader.ts'
import type { PartitionReader } from './partition-reader.ts'
import type { FetchedBatch, Positions } from './reading.ts'

export type QuietTopicReaderOptions = {
  topics: string[]
  /** Longest time that a broker waits for new records; see PartitionReaderOptions. */
  maxWaitMs: number
  /** As in GroupConsumer. */
  onBatch: (batch: FetchedBatch) => number | Promise<number>
  /** Called for a fault that waiting does not fix; must end the process. */
  fail: (error: unknown) => void
}

/**
 * Reads the given partitions from the given offsets and commits nothing: for topics whose partitions a group assigns,
 * but which are fetched apart from its busy topic.
 */
export class QuietTopicReader implements AsyncDisposable {
  readonly #reader: PartitionReader

  private constructor(reader: PartitionReader) {
    this.#reader = reader
  }

  /** Waits until Kafka can be reached; reads no partitions yet. */
  static async open(kafka: Kafka, options: QuietTopicReaderOptions, context: WaitContext): Promise<QuietTopicReader> {
    return new QuietTopicReader(await openReader(kafka, 'kafka reader of quiet topics', options, context))
  }

  /** Replaces the partitions that are read, with the offsets to begin at; nothing is paused. */
  read(positions: Positions): void {
    this.#reader.read(positions)
  }

  pause(topic: string, partition: number): void {
    this.#reader.pause(topic, partition)
  }

  resume(topic: string, partition: number): void {
    this.#reader.resume(topic, partition)
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#reader[Symbol.asyncDispose]()
  }
}
