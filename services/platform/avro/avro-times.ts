import avsc from 'avsc'
import type { Tap } from './avro-lists.ts'

const dayMs = 86_400_000

/** Logical types that are points in time, with their units per millisecond. Local ones are read as UTC. */
const unitsPerMs = new Map([
  ['timestamp-millis', 1],
  ['timestamp-micros', 1_000],
  ['timestamp-nanos', 1_000_000],
  ['local-timestamp-millis', 1],
  ['local-timestamp-micros', 1_000],
  ['local-timestamp-nanos', 1_000_000],
  ['date', 1 / dayMs],
])
/** Logical types of numbers that are not points in time. */
const otherNumbers = new Set(['time-millis', 'time-micros'])

const logicalTypeOf = new WeakMap<avsc.Type, string>()

/** Whether a logical type counts anything but milliseconds. */
export function isOtherTime(logicalType: string): boolean {
  return otherNumbers.has(logicalType) || (unitsPerMs.get(logicalType) ?? 1) !== 1
}

/**
 * The type of a number with a logical type; undefined if it is read as a plain number. A reader of timestamp-millis
 * converts from the writer's unit: Avro resolves only the numbers, so a time in microseconds would land in the year
 * 58,000.
 */
export function createTimeType(type: 'int' | 'long', logicalType: string): avsc.Type | undefined {
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
    if (units === undefined) throw new Error(`${written} is not a point in time`)
    // biome-ignore lint/suspicious/noExplicitAny: avsc's typings do not have it
    if (units === 1) (avsc.types.LongType.prototype as any)._update.call(this, resolver, writer)
    // LongType's own reading refuses values above 2^53, which nanoseconds exceed.
    else resolver._read = (tap) => Math.floor(tap.readLong() / units)
  }
}
