import type { ConsumedRecord } from '../platform/kafka/consumer.ts'

/** Headers of records of the config topics. */

/** Offset of the key's newest record when a change was decided; -1 if there was none. */
export const decidedOnHeader = 'hookline-decided-on'

/** Maximum characters read of a header; those that Hookline writes are shorter. */
const maxHeaderLength = 300

/** The first value of a header; null if there is none. Other writers may write null, several values, or long ones. */
export function readHeader({ headers }: Pick<ConsumedRecord, 'headers'>, name: string): string | null {
  const value = headers?.[name]
  const first = Array.isArray(value) ? value[0] : value
  return first == null ? null : first.toString().slice(0, maxHeaderLength)
}

/** @returns null for a record that counts in any case. Only admin and the dispatcher write what they decided on. */
export function decidedOn(record: Pick<ConsumedRecord, 'headers'>): number | null {
  const text = readHeader(record, decidedOnHeader)
  return text !== null && /^(-1|\d{1,16})$/.test(text) ? Number(text) : null
}
