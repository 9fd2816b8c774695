import type { Static, TObject, TSchema } from 'typebox'
import { compileSchema } from './json-schema.ts'

/** A variable whose value is not what is allowed. The process exits with 78 (EX_CONFIG of sysexits.h). */
export class ConfigError extends Error {
  override name = 'ConfigError'
}

/** What the README's table shows of one variable. */
export type VariableDoc = { name: string; type: string; default: string; description: string }

type Annotated = TSchema & {
  type?: string
  description?: string
  default?: unknown
  enum?: unknown[]
  minimum?: number
  maximum?: number
  pattern?: string
  /** The value is never printed. */
  secret?: boolean
}

/**
 * Reads a service's variables; an empty one counts as unset.
 * @throws ConfigError naming each offending variable, its value and what is allowed.
 */
export function loadConfig<T extends TObject>(schema: T, env: NodeJS.ProcessEnv): Static<T> {
  const given: Record<string, string> = {}
  for (const name of Object.keys(schema.properties)) {
    const value = env[name]
    if (value !== undefined && value !== '') given[name] = value
  }
  const shown = { ...given }
  // Typebox marks its schemas with symbols and "~" keys: only the plain JSON of it is compiled.
  const checked = compileSchema<Static<T>>(JSON.parse(JSON.stringify(schema)), { coerceTypes: true, strict: false })(
    given,
  )
  if (checked.ok) return checked.value
  const names = new Set(checked.problems.map((problem) => problem.field))
  const lines = [...names].map((name) => {
    const variable = schema.properties[name] as Annotated
    const value = shown[name]
    const has = value === undefined ? 'is not set' : `is ${variable.secret ? '(hidden)' : JSON.stringify(value)}`
    return `${name} ${has}; allowed: ${allowed(variable)} (${variable.description ?? ''})`
  })
  throw new ConfigError(lines.join('\n'))
}

/** The variables of a schema, for the README. */
export function describeConfig(schema: TObject): VariableDoc[] {
  return Object.entries(schema.properties).map(([name, value]) => {
    const variable = value as Annotated
    const fallback = variable.default
    return {
      name,
      type: allowed(variable),
      default: fallback === undefined ? '' : String(fallback),
      description: variable.description ?? '',
    }
  })
}

function allowed(variable: Annotated): string {
  if (variable.enum) return variable.enum.join(' | ')
  const type = variable.type ?? 'string'
  const { minimum, maximum } = variable
  if (minimum !== undefined && maximum !== undefined) return `${type} from ${minimum} to ${maximum}`
  if (minimum !== undefined) return `${type} from ${minimum}`
  return variable.pattern ? `${type} like ${variable.pattern}` : type
}
