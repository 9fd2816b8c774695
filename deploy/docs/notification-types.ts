/** Writes the TypeScript types of notification bodies for receivers, made of their JSON Schemas. */

type JsonSchema = {
  title?: string
  description?: string
  type?: string
  const?: unknown
  enum?: unknown[]
  items?: JsonSchema
  properties?: Record<string, JsonSchema>
  required?: string[]
  additionalProperties?: JsonSchema | boolean
}

const head = '// Made of the JSON Schemas in schemas/ by `npm run docs`; a test compares it with them.\n'

/** @returns the text of schemas/notifications/index.d.ts. */
export function notificationTypes(schemas: Record<string, object>): string {
  const named = Object.values(schemas) as JsonSchema[]
  const types = named.map((schema) => `${comment(schema, '')}export type ${schema.title} = ${typeOf(schema, '')}\n`)
  const all = `/** Body of a notification; \`type\` tells which. */\nexport type Notification = ${named.map(({ title }) => title).join(' | ')}\n`
  return [head, ...types, all].join('\n')
}

function typeOf(schema: JsonSchema, indent: string): string {
  if ('const' in schema) return literal(schema.const)
  if (schema.enum) return schema.enum.map(literal).join(' | ')
  if (schema.type === 'array' && schema.items) return `Array<${typeOf(schema.items, indent)}>`
  if (schema.properties) return objectOf(schema, `${indent}  `, indent)
  if (typeof schema.additionalProperties === 'object')
    return `Record<string, ${typeOf(schema.additionalProperties, indent)}>`
  if (schema.type === 'string') return 'string'
  throw new Error(`no type for ${JSON.stringify(schema)}`)
}

function objectOf({ properties = {}, required = [] }: JsonSchema, indent: string, end: string): string {
  const fields = Object.entries(properties).map(([name, schema]) => {
    const mark = required.includes(name) ? '' : '?'
    return `${comment(schema, indent)}${indent}${name}${mark}: ${typeOf(schema, indent)}\n`
  })
  return `{\n${fields.join('')}${end}}`
}

function comment({ description }: JsonSchema, indent: string): string {
  return description === undefined ? '' : `${indent}/** ${description} */\n`
}

function literal(value: unknown): string {
  return typeof value === 'string' ? `'${value}'` : String(value)
}
