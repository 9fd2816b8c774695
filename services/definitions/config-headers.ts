import type { ConsumedRecord } from '../platform/kafka/consumer.ts'

/** Headers of records of the config topics. */

/** Offset of the key's newest record when a change was decided; -1: there was none. */
export const decidedOnHeader = 'hookline-decided-on'

/** Characters: ours are shorter. */
const maxHeaderLength = 300

/** The first value of a header; null without one. Others may write null, several, or long ones. */
export function headerOf({ headers }: Pick<ConsumedRecord, 'headers'>, name: string): string | null {
  const value = headers?.[name]
  const first = Array.isArray(value) ? value[0] : value
  return first == null ? null : first.toString().slice(0, maxHeaderLength)
}

/** @returns null of a record that holds in any case: only admin and the dispatcher say what they have decided on. */
export function decidedOn(record: Pick<ConsumedRecord, 'headers'>): number | null {
  const text = headerOf(record, decidedOnHeader)
  return text !== null && /^(-1|\d{1,16})$/.test(text) ? Number(text) : null
}
