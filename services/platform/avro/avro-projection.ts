type Field = { name: string; type: unknown }
type RecordSchema = { type: 'record'; fields: Field[] }

/**
 * The reader's schema with only some fields of a record. Avro's resolution skips the others, which costs a fraction of
 * decoding them.
 * @param paths names of fields; a dot leads into a nested record: "delivery.deliveryId".
 * @throws Error if a field does not exist. A type defined in a field left out must not be named in a field that stays.
 */
export function projection(schema: object, paths: readonly string[]): object {
  const { fields, ...rest } = schema as RecordSchema
  const wanted = new Map<string, string[]>()
  for (const path of paths) {
    const dot = path.indexOf('.')
    const name = dot === -1 ? path : path.slice(0, dot)
    wanted.set(name, [...(wanted.get(name) ?? []), ...(dot === -1 ? [] : [path.slice(dot + 1)])])
  }
  for (const name of wanted.keys())
    if (!fields.some((field) => field.name === name)) throw new Error(`the schema has no field ${name}`)
  const kept = fields.filter(({ name }) => wanted.has(name))
  return {
    ...rest,
    fields: kept.map((field) => ({ ...field, type: within(field.type, wanted.get(field.name) ?? []) })),
  }
}

function within(type: unknown, paths: readonly string[]): unknown {
  if (paths.length === 0) return type
  if (Array.isArray(type)) return type.map((branch) => (isRecord(branch) ? projection(branch, paths) : branch))
  if (isRecord(type)) return projection(type, paths)
  throw new Error(`no record that has the fields ${paths.join(', ')}`)
}

function isRecord(type: unknown): type is RecordSchema {
  return (type as { type?: unknown } | null)?.type === 'record'
}
