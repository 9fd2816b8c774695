import { Ajv, type ErrorObject, type Options } from 'ajv'
import addFormatsModule from 'ajv-formats'
import { cutText } from './cut-text.ts'
import { parseTimeMs } from './time.ts'

/**
 * One problem of a value: the field, the rule that it breaks, and a code of the rule where clients may tell it apart. Of a
 * schema's rule the code is its keyword, and `limit` what the keyword demands, such as the largest number or the choices.
 */
export type Problem = { field: string; message: string; code?: string; limit?: number | string }

export type Checked<T> = { ok: true; value: T } | { ok: false; problems: Problem[] }

/** The only format in use, date-time of RFC 3339. It splits the text, so only short texts are passed to it. */
const { validate: isDateTime } = addFormatsModule.default.get('date-time') as { validate: (text: string) => boolean }

/** Compiles a JSON Schema (draft 07) into a check. */
export type CompileSchema = <T>(schema: object) => (value: unknown) => Checked<T>

const maxProblems = 50
/** Maximum items and properties of a value for which all problems are reported; each one costs an error object. */
const maxItemsForAll = 5_000
/** Maximum characters of a field's name or a message in a response; they may quote the request. */
const maxShownLength = 300
const maxTimeLength = 64

/**
 * Compiles a JSON Schema (draft 07) into a check that names every wrong field, at most 50 of them. In a value of more
 * than 5,000 items it names only the first, so that no value takes more than linear time and little memory.
 * Defaults are filled into the value that is passed: pass a copy where that matters.
 */
export function compileSchema<T>(schema: object, options: Options = {}): (value: unknown) => Checked<T> {
  return schemaCompiler(options)<T>(schema)
}

/** Compiles many schemas with the same options, each on first need: a service starts with dozens, most of them for later. */
export function schemaCompiler(options: Options): CompileSchema {
  const toFirst = createAjv({ ...options, allErrors: false })
  const toAll = createAjv({ ...options, allErrors: true })
  return <T>(schema: object) => {
    requireSchema(schema)
    return (value: unknown): Checked<T> => {
      // Ajv keeps what it has compiled.
      const check = toFirst.compile(schema)
      if (check(value)) return { ok: true, value: value as T }
      let { errors } = check
      if (!hasMoreItemsThan(value, maxItemsForAll)) {
        const checkAll = toAll.compile(schema)
        checkAll(value)
        errors = checkAll.errors ?? errors
      }
      return { ok: false, problems: (errors ?? []).slice(0, maxProblems).map(describe) }
    }
  }
}

/** Checks schemas by the schema of schemas, which each Ajv would compile for itself, in 11 ms. */
const ofSchemas = new Ajv()

/** @throws Error if it is not a JSON Schema. */
function requireSchema(schema: object): void {
  void ofSchemas.validateSchema(schema, true)
}

function createAjv(options: Options): Ajv {
  const checkedBefore = { meta: false, validateSchema: false } as const
  const ajv = new Ajv({ useDefaults: true, allowUnionTypes: true, strict: true, ...checkedBefore, ...options })
  ajv.addFormat('date-time', isTime)
  return ajv
}

/** Whether a time can be read: Date.parse knows no leap second, and the rule of ajv-formats knows more than RFC 3339. */
function isTime(text: string): boolean {
  return text.length <= maxTimeLength && isDateTime(text) && parseTimeMs(text) !== null
}

function hasMoreItemsThan(value: unknown, max: number): boolean {
  const waiting = [value]
  let count = 0
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    if (typeof next !== 'object' || next === null) continue
    for (const key in next) {
      if (++count > max) return true
      waiting.push((next as Record<string, unknown>)[key])
    }
  }
  return false
}

function describe(error: ErrorObject): Problem {
  const parts = error.instancePath.split('/').slice(1).map(unescapePointer)
  const named = error.params as { missingProperty?: string; additionalProperty?: string; propertyName?: string }
  const extra = named.missingProperty ?? named.additionalProperty ?? named.propertyName
  if (extra !== undefined) parts.push(extra)
  const limit = readLimit(error)
  const allowed = error.keyword === 'enum' ? `: ${limit}` : ''
  const message = named.missingProperty !== undefined ? 'is required' : `${error.message ?? 'is not valid'}${allowed}`
  return {
    field: cutText(parts.join('.'), maxShownLength),
    message: cutText(message, maxShownLength),
    code: error.keyword,
    ...(limit !== undefined && { limit }),
  }
}

/** Text of the demand of a broken rule. Patterns are for programs, not for people. */
function readLimit({ params }: ErrorObject): number | string | undefined {
  const { limit, type, format, allowedValue, allowedValues } = params as Record<string, unknown>
  if (Array.isArray(allowedValues)) return cutText(allowedValues.join(', '), maxShownLength)
  const found = limit ?? type ?? format ?? allowedValue
  return typeof found === 'number' ? found : found === undefined ? undefined : cutText(String(found), maxShownLength)
}

/** RFC 6901, section 4. */
function unescapePointer(token: string): string {
  return token.replaceAll('~1', '/').replaceAll('~0', '~')
}
