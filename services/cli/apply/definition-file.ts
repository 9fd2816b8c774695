import { parseAllDocuments } from 'yaml'
import { compileSchema } from '../../platform/json/json-schema.ts'
import { topics } from '../../topics/map.ts'
import { schemaOf } from '../../topics/schemas.ts'

/** One webhook as a file wants it. What it does not say stays as it is; null puts the default back. */
export type Wanted = {
  /** For messages: file and line. */
  place: string
  id?: string
  businessId?: string
  name?: string
  /** Fields of the definition, the name among them. */
  fields: Record<string, unknown>
}

export type ReadFile = { ok: true; wanted: Wanted[] } | { ok: false; problems: string[] }

type JsonSchema = Record<string, unknown>

const stored = (schemaOf(topics.webhookConfig) as { properties: Record<string, JsonSchema> }).properties

/** Made by the server, or its judgement: what `get --output yaml` shows may be applied as it is. */
const shownOnly = [
  'version',
  'createdAt',
  'updatedAt',
  'disabledReason',
  'previousSecretUntil',
  'conflicts',
  'fault',
  'status',
  'lastHour',
]
const neverWritten = ['secret', 'previousSecret', 'olderSecrets', ...shownOnly]
export const writableNames = Object.keys(stored).filter((name) => !['id', 'businessId', ...neverWritten].includes(name))

/** Undefined where the field has none. */
export function defaultOf(name: string): unknown {
  return stored[name]?.default
}

export const defaultEvents = Object.fromEntries(
  Object.entries((stored.events?.properties ?? {}) as Record<string, JsonSchema>).map(([name, { default: is }]) => [
    name,
    is,
  ]),
)

const check = compileSchema<Record<string, unknown>>(fileSchema(), { useDefaults: false })

/**
 * Webhooks of a YAML (or JSON) file: a mapping or a list of them in each document.
 * @param name of the file, for messages.
 * @param env `${NAME}` as the whole value of a header takes the variable's, so that credentials need not be in the file.
 */
export function readDefinitions(text: string, name: string, env: NodeJS.ProcessEnv): ReadFile {
  const wanted: Wanted[] = []
  const problems: string[] = []
  const lineStarts = [0, ...[...text.matchAll(/\n/g)].map(({ index }) => index + 1)]
  for (const document of parseAllDocuments(text)) {
    if (!('toJS' in document)) break
    const line = lineStarts.findLastIndex((start) => start <= (document.contents?.range?.[0] ?? 0)) + 1
    const place = `${name}:${line}`
    problems.push(...document.errors.map(({ message }) => `${name}: ${message.split('\n')[0]}`))
    if (document.errors.length > 0) continue
    const value: unknown = document.toJS()
    if (value === null || value === undefined) continue
    for (const one of Array.isArray(value) ? value : [value]) {
      const read = readOne(one, place, env)
      if (read.ok) wanted.push(read.wanted)
      else problems.push(...read.problems.map((problem) => `${place}: ${problem}`))
    }
  }
  if (problems.length > 0) return { ok: false, problems }
  return wanted.length > 0 ? { ok: true, wanted } : { ok: false, problems: [`${name}: holds no definition`] }
}

type ReadOne = { ok: true; wanted: Wanted } | { ok: false; problems: string[] }

function readOne(value: unknown, place: string, env: NodeJS.ProcessEnv): ReadOne {
  const checked = check(value)
  if (!checked.ok) return { ok: false, problems: checked.problems.map((p) => `${p.field} ${p.message}`.trim()) }
  const { id, businessId, ...rest } = checked.value as Pick<Wanted, 'id' | 'businessId'> & Record<string, unknown>
  if ('secret' in rest) return { ok: false, problems: ['secret is made by the server: see rotate-secret'] }
  const fields = Object.fromEntries(Object.entries(rest).filter(([field]) => writableNames.includes(field)))
  const name = fields.name as string | undefined
  if (id === undefined && name === undefined) return { ok: false, problems: ['id or name is required'] }
  const missing = fillHeaders(fields, env)
  if (missing.length > 0) return { ok: false, problems: missing }
  const known = { ...(id !== undefined && { id }), ...(businessId !== undefined && { businessId }) }
  return { ok: true, wanted: { place, ...known, ...(name !== undefined && { name }), fields } }
}

/** Puts variables in. @returns what is wrong. */
function fillHeaders(fields: Record<string, unknown>, env: NodeJS.ProcessEnv): string[] {
  const headers = (fields.headers ?? {}) as Record<string, string>
  const problems: string[] = []
  const filled = Object.entries(headers).map(([name, value]) => {
    const variable = /^\$\{(\w+)\}$/.exec(value)?.[1]
    if (variable === undefined) return [name, value]
    const found = env[variable]
    if (!found) problems.push(`headers.${name}: the variable ${variable} is not set`)
    return [name, found ?? '']
  })
  if (fields.headers) fields.headers = Object.fromEntries(filled)
  return problems
}

/** The topic's own schema, with null for the default and no name that it does not know. */
function fileSchema(): object {
  const orNull = (name: string, schema: JsonSchema) =>
    ['name', 'url', 'channels'].includes(name) ? schema : { anyOf: [schema, { type: 'null' }] }
  const writable = writableNames.map((name) => {
    const schema = name === 'events' ? { ...stored.events, additionalProperties: false } : (stored[name] ?? {})
    return [name, orNull(name, schema)]
  })
  const { id, businessId } = stored
  const shown = ['secret', ...shownOnly].map((name) => [name, {}])
  const properties = { id, businessId, ...Object.fromEntries(shown), ...Object.fromEntries(writable) }
  return { type: 'object', additionalProperties: false, properties }
}
