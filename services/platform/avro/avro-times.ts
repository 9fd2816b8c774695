import avsc from 'avsc'
import type { Tap } from './avro-lists.ts'

const dayMs = 86_400_000

/** Logical types that are points in time: units in a millisecond. Local ones are taken as UTC. */
const unitsPerMs = new Map([
  ['timestamp-millis', 1],
  ['timestamp-micros', 1_000],
  ['timestamp-nanos', 1_000_000],
  ['local-timestamp-millis', 1],
  ['local-timestamp-micros', 1_000],
  ['local-timestamp-nanos', 1_000_000],
  ['date', 1 / dayMs],
])
/** Numbers with a meaning that is no point in time. */
const otherNumbers = new Set(['time-millis', 'time-micros'])

const logicalTypeOf = new WeakMap<avsc.Type, string>()

/** Whether it does not count milliseconds. */
export function isOtherTime(logicalType: string): boolean {
  return otherNumbers.has(logicalType) || (unitsPerMs.get(logicalType) ?? 1) !== 1
}

/**
 * The type of a number with a logical type; undefined for what is read as the number that it is. A reader of
 * timestamp-millis converts what a writer has in another unit: Avro resolves the numbers alone, and a time in
 * microseconds would be one of the year 58,000.
 */
export function timeOf(type: 'int' | 'long', logicalType: string): avsc.Type | undefined {
  if (!unitsPerMs.has(logicalType) && !otherNumbers.has(logicalType)) return undefined
  const made = type === 'long' ? new TimeType() : new avsc.types.IntType()
  logicalTypeOf.set(made, logicalType)
  return made
}

type Resolving = { _read?: (tap: Tap) => unknown }

class TimeType extends avsc.types.LongType {
  _update(resolver: Resolving, writer: avsc.Type): void {
    const written = logicalTypeOf.get(writer) ?? 'timestamp-millis'
    const units = unitsPerMs.get(written)
    if (units === undefined) throw new Error(`${written} is no point in time`)
    // biome-ignore lint/suspicious/noExplicitAny: avsc's typings do not have it
    if (units === 1) (avsc.types.LongType.prototype as any)._update.call(this, resolver, writer)
    // Not by LongType's reading, which refuses what is above 2^53: nanoseconds are.
    else resolver._read = (tap) => Math.floor(tap.readLong() / units)
  }
}
