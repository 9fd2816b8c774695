import { cutText } from './cut-text.ts'
import type { Problem } from './json-schema.ts'

const maxFieldLength = 300

/** A value inside a JSON value, and the path to it. */
type ValuePath = { value: unknown; name: string; parent: ValuePath | null }

/** Texts in a JSON value, including names of properties, that are not well-formed Unicode: at most max of them. */
export function illFormedTexts(value: unknown, max: number): Problem[] {
  const problems: Problem[] = []
  if (isWellFormed(value)) return problems
  const waiting: ValuePath[] = [{ value, name: '', parent: null }]
  for (let place = waiting.pop(); place !== undefined && problems.length < max; place = waiting.pop()) {
    if (!place.name.isWellFormed() || (typeof place.value === 'string' && !place.value.isWellFormed()))
      problems.push({ field: fieldOf(place), message: 'must be well-formed Unicode', code: 'malformed' })
    if (typeof place.value !== 'object' || place.value === null || ArrayBuffer.isView(place.value)) continue
    for (const [name, inner] of Object.entries(place.value)) waiting.push({ value: inner, name, parent: place })
  }
  return problems
}

/**
 * Fast check without paths, since nearly every value is well-formed. It does not recurse, because JSON may be nested
 * deeply.
 */
function isWellFormed(value: unknown): boolean {
  const waiting = [value]
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    if (typeof next === 'string' && !next.isWellFormed()) return false
    if (typeof next !== 'object' || next === null || ArrayBuffer.isView(next)) continue
    for (const name in next) {
      if (!name.isWellFormed()) return false
      const inner = (next as Record<string, unknown>)[name]
      if (typeof inner === 'string' || typeof inner === 'object') waiting.push(inner)
    }
  }
  return true
}

function fieldOf(place: ValuePath): string {
  const names: string[] = []
  let length = 0
  for (let at: ValuePath | null = place; at?.parent && length < maxFieldLength; at = at.parent) {
    names.unshift(at.name.toWellFormed())
    length += at.name.length + 1
  }
  return cutText(names.join('.'), maxFieldLength)
}
