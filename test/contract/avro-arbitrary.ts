import fc from 'fast-check'

type Schema = string | Schema[] | { type: Schema; [key: string]: unknown }

/** Values of an Avro schema (a parsed .avsc) in avsc's form: values of a union are bare. */
export function arbitraryOf(schema: Schema, named = new Map<string, fc.Arbitrary<unknown>>()): fc.Arbitrary<unknown> {
  if (Array.isArray(schema)) return fc.oneof(...schema.map((branch) => arbitraryOf(branch, named)))
  if (typeof schema === 'string') return named.get(schema) ?? primitive(schema)
  const remember = (value: fc.Arbitrary<unknown>) => {
    named.set(String(schema.name), value)
    return value
  }
  switch (schema.type) {
    case 'record': {
      const fields = (schema.fields as { name: string; type: Schema }[]).map(
        ({ name, type }) => [name, arbitraryOf(type, named)] as const,
      )
      return remember(fc.record(Object.fromEntries(fields)))
    }
    case 'enum':
      return remember(fc.constantFrom(...(schema.symbols as string[])))
    case 'array':
      return fc.array(arbitraryOf(schema.items as Schema, named), { maxLength: 4 })
    case 'map':
      // avsc reads a map into a plain object, which cannot have a key of this name.
      return fc
        .dictionary(fc.string({ unit: 'binary' }), arbitraryOf(schema.values as Schema, named), {
          noNullPrototype: true,
        })
        .filter((value) => !Object.hasOwn(value, '__proto__'))
    default:
      return arbitraryOf(schema.type, named)
  }
}

function primitive(type: string): fc.Arbitrary<unknown> {
  switch (type) {
    case 'null':
      return fc.constant(null)
    case 'boolean':
      return fc.boolean()
    case 'int':
      return fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 })
    case 'long':
      // avsc 5.7.9 calculates the zigzag of a long in doubles: below -2^52 the last bit is lost. Offsets, counts and
      // times of the years 0000 to 9999 are far from that.
      return fc.integer({ min: -(2 ** 52), max: 2 ** 52 })
    case 'double':
      return fc.double({ noNaN: true })
    case 'string':
      return fc.string({ unit: 'binary' })
    case 'bytes':
      return fc.uint8Array({ maxLength: 100 }).map((bytes) => Buffer.from(bytes))
    default:
      throw new Error(`no values of type ${type}`)
  }
}
