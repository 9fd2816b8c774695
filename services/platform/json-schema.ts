import { Ajv, type ErrorObject, type Options } from 'ajv'
import addFormatsModule from 'ajv-formats'

const addFormats = addFormatsModule.default

/** One thing wrong with a value: where, and what would be right. */
export type Problem = { field: string; message: string }

export type Checked<T> = { ok: true; value: T } | { ok: false; problems: Problem[] }

/**
 * Compiles a JSON Schema (draft 07) into a check that names every offending field, at most 50 of them.
 * Defaults are filled into the value that is passed: hand over a copy where that matters.
 */
export function compileSchema<T>(schema: object, options: Options = {}): (value: unknown) => Checked<T> {
  const ajv = new Ajv({ allErrors: true, useDefaults: true, allowUnionTypes: true, strict: true, ...options })
  addFormats(ajv)
  const validate = ajv.compile(schema)
  return (value) => {
    if (validate(value)) return { ok: true, value: value as T }
    return { ok: false, problems: (validate.errors ?? []).slice(0, 50).map(describe) }
  }
}

function describe(error: ErrorObject): Problem {
  const parts = error.instancePath.split('/').slice(1).map(unescapePointer)
  const named = error.params as { missingProperty?: string; additionalProperty?: string; propertyName?: string }
  const extra = named.missingProperty ?? named.additionalProperty ?? named.propertyName
  if (extra !== undefined) parts.push(extra)
  const allowed =
    error.keyword === 'enum' ? `: ${(error.params as { allowedValues: unknown[] }).allowedValues.join(', ')}` : ''
  const message = named.missingProperty !== undefined ? 'is required' : `${error.message ?? 'is not valid'}${allowed}`
  return { field: parts.join('.'), message }
}

/** RFC 6901, section 4. */
function unescapePointer(token: string): string {
  return token.replaceAll('~1', '/').replaceAll('~0', '~')
}
