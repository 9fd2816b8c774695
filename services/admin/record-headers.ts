import type { ConsumedRecord } from '../platform/kafka/consumer.ts'

/** Kafka header of a completed record: offset of the record whose place it takes. */
export const completesHeader = 'hookline-completes'

/** Kafka header of a config record: who has asked admin for the change. */
export const subjectHeader = 'hookline-subject'

/** Characters: ours are shorter. */
const maxHeaderLength = 300

export function headerOf({ headers }: Pick<ConsumedRecord, 'headers'>, name: string): string | null {
  const value = headers?.[name]
  const first = Array.isArray(value) ? value[0] : value
  // A header's value may be null, and of any length.
  return first == null ? null : first.toString().slice(0, maxHeaderLength)
}
