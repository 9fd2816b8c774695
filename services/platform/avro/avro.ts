import avsc from 'avsc'
import { boundedArray, boundedMap } from './avro-lists.ts'
import { type ResolverOptions, readsBranches, WideEnum } from './avro-resolution.ts'
import { isOtherTime, timeOf } from './avro-times.ts'

export type AvroOptions = {
  /** What logical types are read as; without, as their underlying ones. */
  logicalTypes?: Record<string, typeof avsc.types.LogicalType>
  /** Schemas whose names this one uses, each behind those that it uses itself. */
  before?: readonly object[]
}

/** Types with times in other units than milliseconds. */
const otherTimes = new WeakSet<avsc.Type>()

/**
 * The type of an Avro schema, as avsc reads it but for four things: a list that announces more items than there can be is
 * refused (avro-lists.ts), a map may have the key `__proto__`, times of another unit are read as milliseconds (avro-times.ts),
 * and writers are read as Avro's resolution says (avro-resolution.ts).
 */
export function avroType(schema: object, { logicalTypes = {}, before = [] }: AvroOptions = {}): avsc.Type {
  let hasOtherTimes = false
  const typeHook = (given: unknown, options: object): avsc.Type | undefined => {
    const { type, logicalType } = given as { type?: unknown; logicalType?: unknown }
    switch (type) {
      case 'array':
        return boundedArray(given as avsc.Schema, options)
      case 'map':
        return boundedMap(given as avsc.Schema, options)
      case 'enum':
        return new WideEnum(given as avsc.Schema, options)
      case 'int':
      case 'long':
        if (typeof logicalType !== 'string' || Object.hasOwn(logicalTypes, logicalType)) return undefined
        hasOtherTimes ||= isOtherTime(logicalType)
        return timeOf(type, logicalType)
    }
    return undefined
  }
  const options = { typeHook, logicalTypes: logicalTypes as never, registry: {} }
  for (const earlier of before) avsc.Type.forSchema(earlier as avsc.Schema, options)
  const made = avsc.Type.forSchema(schema as avsc.Schema, options)
  if (hasOtherTimes) otherTimes.add(made)
  return made
}

/**
 * How the reader takes what the writer wrote: undefined when that is just as it takes its own.
 * @throws when no record of the writer can be read.
 */
export function resolverOf(reader: avsc.Type, writer: avsc.Type): avsc.Resolver | undefined {
  // Equality is that of Avro's canonical form, which has no logical types.
  if (writer.equals(reader) && !otherTimes.has(writer)) return undefined
  const options: ResolverOptions = { ignoreNamespaces: true, [readsBranches]: true }
  return reader.createResolver(writer, options)
}
