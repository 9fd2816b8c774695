import { toOrigin } from '../../../config-topics/sealed-values.ts'
import { Draft } from '../../../domain/api/webhook.ts'
import { isServerMade } from '../../../domain/definition/definition.ts'
import { shapeProblem } from '../../../domain/definition/json-shape.ts'
import { type Checked, compileSchema } from '../../../platform/json/json-schema.ts'
import type { UrlPolicy } from '../../../targets/target-url.ts'
import { refusal } from '../refusal.ts'
import type { SecretParts } from '../secrets.ts'
import { accessProblems } from './access-rules.ts'
import { headerProblems, movedHeaders } from './header-rules.ts'
import { writtenUrlProblem } from './url-rules.ts'

const checkShape = compileSchema<Draft>(Draft)

export type DraftRules = UrlPolicy & {
  /** Parts of the stored definition whose values a masked one keeps; null for a new webhook. */
  stored: SecretParts | null
  /**
   * Properties that the client wrote. Only these must keep the rules on names, URLs and headers, so that a webhook that an
   * operator wrote by hand with a bad URL can still be switched off.
   */
  written: ReadonlySet<string>
}

/** Checks a draft of a webhook and fills in the defaults. Reports all problems at once, each with its field. */
export function checkDraft(candidate: unknown, rules: DraftRules): Checked<Draft> {
  const shape = shapeProblem(candidate)
  if (shape !== null) return { ok: false, problems: [{ field: '', message: shape, code: 'malformed' }] }
  const checked = checkShape(structuredClone(candidate))
  if (!checked.ok) {
    const problems = checked.problems.map((problem) =>
      isServerMade(problem.field) ? refusal(problem.field, 'server-made') : problem,
    )
    return { ok: false, problems }
  }
  const { name, url, headers } = checked.value
  const { written, stored } = rules
  const urlCode = written.has('url') ? writtenUrlProblem(url, rules) : null
  const badHeaders = written.has('headers') ? headerProblems(headers, Object.keys(stored?.headers ?? {})) : []
  const isMoved = stored !== null && toOrigin(stored.url) !== toOrigin(url)
  const problems = [
    ...(written.has('name') && name.trim() === '' ? [refusal('name', 'blank')] : []),
    ...(urlCode === null ? [] : [refusal('url', urlCode)]),
    ...badHeaders,
    ...(isMoved ? movedHeaders(headers) : []),
    ...accessProblems(checked.value, rules),
  ]
  return problems.length === 0 ? checked : { ok: false, problems }
}

/**
 * JSON merge patch (RFC 7396): an absent property stays, null removes it (the default then fills in), objects are merged.
 * Headers are the exception: they are replaced as a whole, so a name that is not sent is removed.
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
