import type { RefusalCode } from '../../../domain/api/refusals.ts'
import { isHeaderValue, isReservedHeader } from '../../../domain/definition/custom-headers.ts'
import { maskedValue } from '../../../domain/definition/definition-values.ts'
import type { Problem } from '../../../platform/json/json-schema.ts'
import { refusal } from '../refusal.ts'

/** Problems of custom headers, beyond their shape. @param stored names of the headers that have a stored value. */
export function headerProblems(headers: Record<string, string>, stored: readonly string[]): Problem[] {
  const kept = new Set(stored.map(lowerCase))
  const seen = new Set<string>()
  return Object.entries(headers).flatMap(([name, value]) => {
    const lower = lowerCase(name)
    const twice = seen.has(lower)
    seen.add(lower)
    const code = headerProblem(lower, value, twice, kept)
    return code === null ? [] : [refusal(`headers.${name}`, code)]
  })
}

function headerProblem(lower: string, value: string, twice: boolean, kept: Set<string>): RefusalCode | null {
  if (isReservedHeader(lower)) return 'header-reserved'
  if (twice) return 'header-twice'
  if (value === maskedValue && !kept.has(lower)) return 'header-not-stored'
  if (!isHeaderValue(value)) return 'header-characters'
  return null
}

/**
 * Headers whose stored value would be sent to another origin than the one it was stored for (guarantee 54). Someone who may
 * edit a webhook could read another system's credentials that way.
 */
export function movedHeaders(headers: Record<string, string>): Problem[] {
  return Object.entries(headers)
    .filter(([, value]) => value === maskedValue)
    .map(([name]) => refusal(`headers.${name}`, 'header-moved'))
}

function lowerCase(name: string): string {
  return name.toLowerCase()
}
