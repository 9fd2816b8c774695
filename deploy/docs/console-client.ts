/** Writes what the console calls: types and requests, made of admin's OpenAPI document. */

type Schema = {
  title?: string
  type?: string
  enum?: unknown[]
  anyOf?: Schema[]
  items?: Schema
  properties?: Record<string, Schema>
  required?: string[]
  additionalProperties?: Schema | boolean
}
type Content = { content?: Record<string, { schema: Schema }> }
type Operation = {
  operationId: string
  parameters?: { in: string; name: string; required?: boolean; schema: Schema }[]
  requestBody?: Content
  responses: Record<string, Content>
}
type Document = { paths: Record<string, Record<string, Operation>> }

const head = '// Made of the OpenAPI document of admin by `npm run docs`; a test compares it with the document.'

/** @returns the text of the file services/console/src/api/generated.ts. */
export function consoleClient(document: object): string {
  const named = new Map<string, string>()
  const requests: string[] = []
  const types: string[] = []
  for (const [path, operations] of Object.entries((document as Document).paths))
    for (const [method, operation] of Object.entries(operations)) {
      requests.push(`  ${operation.operationId}: ['${method.toUpperCase()}', '${path}'],`)
      types.push(`  ${operation.operationId}: ${operationType(operation, named)}`)
    }
  const shapes = [...named].map(([name, type]) => `export type ${name} = ${type}`)
  return [
    head,
    ...shapes,
    'export type Operations = {',
    ...types,
    '}',
    'export const requests = {',
    ...requests,
    '} as const',
    '',
  ].join('\n')
}

function operationType({ parameters = [], requestBody, responses }: Operation, named: Map<string, string>): string {
  const part = (where: string) => {
    const found = parameters.filter((parameter) => parameter.in === where)
    if (found.length === 0) return []
    const fields = found.map(({ name, required, schema }) => field(name, typeOf(schema, named), required === true))
    const isRequired = found.some(({ required }) => required)
    return [field(where, `{ ${fields.join('; ')} }`, isRequired)]
  }
  const body = schemaIn(requestBody)
  const answers = Object.entries(responses).flatMap(([status, answer]) => {
    const schema = schemaIn(answer)
    const type = schema ? typeOf(schema, named) : 'undefined'
    return status.startsWith('2') ? [type] : []
  })
  const parts = [...part('path'), ...part('query'), ...(body ? [field('body', typeOf(body, named), true)] : [])]
  return `{ ${[...parts, `answer: ${answers.join(' | ')}`].join('; ')} }`
}

function schemaIn(holder: Content | undefined): Schema | undefined {
  return Object.values(holder?.content ?? {})[0]?.schema
}

function field(name: string, type: string, isRequired: boolean): string {
  return isRequired ? `${name}: ${type}` : `${name}?: ${type} | undefined`
}

function arrayOf(type: string): string {
  return type.includes('|') ? `(${type})[]` : `${type}[]`
}

/** A schema with a title becomes a type of that name. */
function typeOf(schema: Schema, named: Map<string, string>): string {
  const { title } = schema
  if (title === undefined) return plainType(schema, named)
  if (!named.has(title)) {
    named.set(title, '')
    named.set(title, plainType(schema, named))
  }
  return title
}

function plainType(schema: Schema, named: Map<string, string>): string {
  const { type, anyOf, items, properties, required = [], additionalProperties } = schema
  if (schema.enum)
    return schema.enum.map((value) => (typeof value === 'string' ? `'${value}'` : String(value))).join(' | ')
  if (anyOf) return anyOf.map((each) => typeOf(each, named)).join(' | ')
  if (type === 'integer' || type === 'number') return 'number'
  if (type === 'array' && items) return arrayOf(typeOf(items, named))
  if (properties) {
    const fields = Object.entries(properties).map(([name, each]) => {
      const shown = typeOf(each, named)
      return required.includes(name) ? `${name}: ${shown}` : `${name}?: ${shown}`
    })
    return `{ ${fields.join('; ')} }`
  }
  if (typeof additionalProperties === 'object') return `Record<string, ${typeOf(additionalProperties, named)}>`
  return type ?? 'unknown'
}
