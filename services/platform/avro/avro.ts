import avsc from 'avsc'
import { boundedArray, boundedMap } from './avro-lists.ts'
import { type ResolverOptions, readsBranches, WideEnum } from './avro-resolution.ts'
import { createTimeType, isOtherTime } from './avro-times.ts'

export type AvroOptions = {
  /** Classes that read logical types; if left out, they are read as their underlying types. */
  logicalTypes?: Record<string, typeof avsc.types.LogicalType>
  /** Schemas whose names this one uses, each after those that it uses itself. */
  before?: readonly object[]
}

/** Types made without options, by schema. A large one takes 5 ms, and a service needs each up to four times. */
const plainTypes = new WeakMap<object, avsc.Type>()
/** Types with times in units other than milliseconds. */
const otherTimes = new WeakSet<avsc.Type>()

/**
 * The type of an Avro schema as avsc reads it, with four differences: a list that announces more items than the bytes
 * can hold is refused (avro-lists.ts), a map may have the key `__proto__`, times in other units are read as
 * milliseconds (avro-times.ts), and writers' schemas are resolved as Avro says (avro-resolution.ts).
 */
export function avroType(schema: object, options: AvroOptions = {}): avsc.Type {
  const { logicalTypes, before = [] } = options
  if (typeof schema !== 'object' || logicalTypes || before.length > 0) return makeType(schema, options)
  const known = plainTypes.get(schema)
  if (known) return known
  const made = makeType(schema, options)
  plainTypes.set(schema, made)
  return made
}

function makeType(schema: object, { logicalTypes = {}, before = [] }: AvroOptions): avsc.Type {
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
        return createTimeType(type, logicalType)
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
 * Resolver from the writer's schema to the reader's; undefined if the reader's type alone will do.
 * @throws when no record of the writer can be read.
 */
export function createResolver(reader: avsc.Type, writer: avsc.Type): avsc.Resolver | undefined {
  // Equality compares Avro's canonical forms, which leave logical types out.
  if (writer.equals(reader) && !otherTimes.has(writer)) return undefined
  const options: ResolverOptions = { ignoreNamespaces: true, [readsBranches]: true }
  return reader.createResolver(writer, options)
}
