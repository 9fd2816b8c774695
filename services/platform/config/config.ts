import type { Static, TObject, TSchema } from 'typebox'
import { compileSchema } from '../json/json-schema.ts'
import { fileVariableOf, readVariableFile, takesFile } from './file-variables.ts'
import type { Check } from './variable-checks.ts'

/** A variable with a value that is not allowed. The process exits with 78 (EX_CONFIG of sysexits.h). */
export class ConfigError extends Error {
  override name = 'ConfigError'
}

/** One variable's row in docs/reference/configuration.md. */
export type VariableDoc = {
  name: string
  /** Variable that names a file with the value; null if there is none. */
  fileVariable: string | null
  type: string
  default: string
  description: string
}

type Annotated = TSchema & {
  type?: string
  description?: string
  default?: unknown
  enum?: unknown[]
  minimum?: number
  maximum?: number
  pattern?: string
  /** Whether the value must never be printed. */
  secret?: boolean
  /** Whether NAME_FILE may name a file with the value, although it is not secret. */
  inFile?: boolean
  maxLength?: number
} & Partial<Check>

/**
 * A rule about several variables together: the reason why their values cannot work, with the variables' names, or null.
 */
export type ConfigRule<Config> = (config: Config) => string | null

/**
 * Reads a service's variables; an empty one counts as unset. The value of a secret may be in a file that NAME_FILE
 * names; the result then contains NAME_FILE as well, for currentText. The schema may have `rules` (ConfigRule) among
 * its options. Own code: the same schemas make docs/reference/configuration.md.
 * @throws ConfigError naming each wrong variable, its value and the allowed values.
 */
export function loadConfig<T extends TObject>(schema: T, env: NodeJS.ProcessEnv): Static<T> {
  const { given, files, unread } = readVariables(schema, env)
  const shown = { ...given }
  // Typebox marks its schemas with symbols and "~" keys; only their plain JSON is compiled.
  const checked = compileSchema<Static<T>>(JSON.parse(JSON.stringify(schema)), { coerceTypes: true, strict: false })(
    given,
  )
  const problems = checked.ok ? [] : checked.problems
  const names = new Set(problems.map((problem) => problem.field))
  for (const [name, variable] of Object.entries(schema.properties) as [string, Annotated][])
    if (shown[name] !== undefined && variable.check?.(shown[name]) === false) names.add(name)
  for (const name of unread.keys()) names.delete(name)
  if (checked.ok && names.size + unread.size === 0) {
    const broken = rulesOf<Static<T>>(schema).map((rule) => rule(checked.value))
    const why = broken.filter((line) => line !== null)
    if (why.length > 0) throw new ConfigError(why.join('\n'))
    return Object.assign(checked.value, files)
  }
  const lines = [...names].map((name) => {
    const variable = schema.properties[name] as Annotated
    const file = files[fileVariableOf(name)]
    if (file !== undefined)
      return `${fileVariableOf(name)} is ${JSON.stringify(file)}; allowed: a file with ${allowed(variable)} (${variable.description ?? ''})`
    const value = shown[name]
    const has = value === undefined ? 'is not set' : `is ${variable.secret ? '(hidden)' : JSON.stringify(value)}`
    return `${name} ${has}; allowed: ${allowed(variable)} (${variable.description ?? ''})`
  })
  throw new ConfigError([...unread.values(), ...lines].join('\n'))
}

/** Values by their variables' names, and the files that some of them come from, by NAME_FILE. `unread`: why a file gave none. */
function readVariables(schema: TObject, env: NodeJS.ProcessEnv) {
  const given: Record<string, string> = {}
  const files: Record<string, string> = {}
  const unread = new Map<string, string>()
  for (const [name, variable] of Object.entries(schema.properties) as [string, Annotated][]) {
    const value = env[name] ?? ''
    const fileVariable = fileVariableOf(name)
    const path = takesFile(variable) ? (env[fileVariable] ?? '') : ''
    if (path === '') {
      if (value !== '') given[name] = value
      continue
    }
    files[fileVariable] = path
    try {
      if (value !== '') unread.set(name, `${name} and ${fileVariable} are both set; allowed: one of them`)
      else given[name] = readVariableFile(path)
    } catch (error) {
      const why = (error as Error).message
      unread.set(name, `${fileVariable} is ${JSON.stringify(path)}; allowed: a readable file with a value (${why})`)
    }
  }
  return { given, files, unread }
}

/** The variables of a schema, for docs/reference/configuration.md. */
export function describeConfig(schema: TObject): VariableDoc[] {
  return Object.entries(schema.properties).map(([name, value]) => {
    const variable = value as Annotated
    const fallback = variable.default
    return {
      name,
      fileVariable: takesFile(variable) ? fileVariableOf(name) : null,
      type: allowed(variable),
      default: fallback === undefined ? '' : String(fallback),
      description: variable.description ?? '',
    }
  })
}

function rulesOf<Config>(schema: TObject): ConfigRule<Config>[] {
  return (schema as { rules?: ConfigRule<Config>[] }).rules ?? []
}

function allowed(variable: Annotated): string {
  if (variable.allowed !== undefined) return variable.allowed
  if (variable.enum) return variable.enum.join(' | ')
  const type = variable.type ?? 'string'
  const { minimum, maximum } = variable
  if (minimum !== undefined && maximum !== undefined) return `${type} from ${minimum} to ${maximum}`
  if (minimum !== undefined) return `${type} from ${minimum}`
  const short = variable.maxLength === undefined ? '' : ` of at most ${variable.maxLength} characters`
  return variable.pattern ? `${type}${short} like ${variable.pattern}` : type + short
}
