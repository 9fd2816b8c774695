import { isHeaderValue, isReservedHeader } from '../../domain/definition/custom-headers.ts'
import { maskedValue } from '../../domain/definition/definition-values.ts'
import type { Problem } from '../../platform/json/json-schema.ts'

/** What is wrong with custom headers, beyond their shape. @param stored names of the headers that have a stored value. */
export function headerProblems(headers: Record<string, string>, stored: readonly string[]): Problem[] {
  const kept = new Set(stored.map(lowerCase))
  const seen = new Set<string>()
  return Object.entries(headers).flatMap(([name, value]) => {
    const lower = lowerCase(name)
    const twice = seen.has(lower)
    seen.add(lower)
    const message = headerProblem(lower, value, twice, kept)
    return message === null ? [] : [{ field: `headers.${name}`, message }]
  })
}

function headerProblem(lower: string, value: string, twice: boolean, kept: Set<string>): string | null {
  if (isReservedHeader(lower)) return 'is set by Hookline or by HTTP itself and cannot be a custom header'
  if (twice) return 'comes twice: header names do not differ by case'
  if (value === maskedValue && !kept.has(lower)) return `"${maskedValue}" keeps a stored value, and there is none`
  if (!isHeaderValue(value)) return 'must not hold line breaks, control characters or characters beyond Latin-1'
  return null
}

/**
 * Headers whose stored value would go to another origin than the one that it was stored for (guarantee 54): whoever may edit
 * a webhook may not read, by that, another system's credentials.
 */
export function movedHeaders(headers: Record<string, string>, storedFor: string): Problem[] {
  return Object.entries(headers)
    .filter(([, value]) => value === maskedValue)
    .map(([name]) => ({
      field: `headers.${name}`,
      message: `is stored for ${storedFor} and does not go elsewhere: say its value again, or leave it out`,
    }))
}

export function maskHeaders(headers: Record<string, string>): Record<string, string> {
  return Object.fromEntries(Object.keys(headers).map((name) => [name, maskedValue]))
}

function lowerCase(name: string): string {
  return name.toLowerCase()
}
