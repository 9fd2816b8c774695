import { retryUntilDone, type WaitContext } from '../../runtime/retry-until.ts'
import type { Kafka } from '../client.ts'
import { PartitionReader } from './partition-reader.ts'
import { ReaderFaults } from './reader-faults.ts'
import type { PartitionReaderOptions } from './reading.ts'

export type OpenReaderOptions = Omit<PartitionReaderOptions, 'clock' | 'onDeleted' | 'onFault'> & {
  /** Topics that it will read. */
  topics: string[]
}

/**
 * Opens a reader that logs and shows in readiness what it cannot read. Waits until Kafka can be reached, and all topics
 * exist and may be read.
 * @param part name in readiness.
 */
export async function openReader(
  kafka: Kafka,
  part: string,
  { topics, ...options }: OpenReaderOptions,
  context: WaitContext,
): Promise<PartitionReader> {
  const { log, clock } = context
  const faults = new ReaderFaults(part, context)
  const reader = new PartitionReader(kafka.cluster, {
    ...options,
    clock,
    onDeleted: (deleted) => log.error(deleted, 'records were deleted before they were read'),
    onFault: (place, fault) => faults.report(place, fault),
  })
  await retryUntilDone(part, context, () => reader.prepare(topics))
  return reader
}
