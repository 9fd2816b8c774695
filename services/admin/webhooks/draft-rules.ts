import { toOrigin } from '../../definitions/sealed-values.ts'
import { type UrlPolicy, urlProblem } from '../../definitions/target-url.ts'
import { Draft } from '../../domain/api/webhook.ts'
import { isServerMade } from '../../domain/definition/definition.ts'
import { shapeProblem } from '../../domain/definition/json-shape.ts'
import { type Checked, compileSchema } from '../../platform/json/json-schema.ts'
import { headerProblems, movedHeaders } from './header-rules.ts'

const checkShape = compileSchema<Draft>(Draft)

export type DraftRules = UrlPolicy & {
  /** Names of the headers whose value is stored already. */
  storedHeaders: readonly string[]
  /** URL that they are stored for; undefined of a new webhook. */
  storedUrl?: string | undefined
  /**
   * Properties that the client wrote: only these must keep the rules on URLs and headers, so that a webhook which an
   * operator wrote by hand with a bad URL can still be switched off.
   */
  written: ReadonlySet<string>
}

/** Checks what a client wants a webhook to be, and fills in the defaults. All problems at once, each with its field. */
export function checkDraft(candidate: unknown, rules: DraftRules): Checked<Draft> {
  const shape = shapeProblem(candidate)
  if (shape !== null) return { ok: false, problems: [{ field: '', message: shape }] }
  const checked = checkShape(structuredClone(candidate))
  if (!checked.ok) {
    const problems = checked.problems.map(({ field, message }) => ({
      field,
      message: isServerMade(field) ? 'is made by the server and cannot be set' : message,
    }))
    return { ok: false, problems }
  }
  const { url, headers } = checked.value
  const badUrl = rules.written.has('url') ? urlProblem(url, rules) : null
  const badHeaders = rules.written.has('headers') ? headerProblems(headers, rules.storedHeaders) : []
  const storedFor = rules.storedUrl === undefined ? null : toOrigin(rules.storedUrl)
  const moved = storedFor === null || storedFor === toOrigin(url) ? [] : movedHeaders(headers, storedFor)
  const problems = [...(badUrl === null ? [] : [{ field: 'url', message: badUrl }]), ...badHeaders, ...moved]
  return problems.length === 0 ? checked : { ok: false, problems }
}

/**
 * JSON merge patch (RFC 7396): absent stays, null removes (the default then fills in), objects are merged. Headers are
 * the exception: they are replaced as a whole, so that a name that is not sent is gone.
 */
export function mergePatch(current: Draft, patch: Record<string, unknown>): Record<string, unknown> {
  const merged: Record<string, unknown> = { ...current }
  for (const [name, value] of Object.entries(patch)) {
    if (value === null) delete merged[name]
    else if (name === 'events' && isObject(value)) merged.events = mergeFlat(current.events, value)
    else merged[name] = value
  }
  return merged
}

function mergeFlat(current: object, patch: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries({ ...current, ...patch }).filter(([, value]) => value !== null))
}

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
