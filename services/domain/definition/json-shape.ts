/**
 * Maximum levels of nesting; a definition has three. JSON.stringify and Avro recurse and overflow the stack at some
 * thousands.
 */
const maxDepth = 20

/**
 * Reason why a JSON value cannot be handled: it is nested too deep, or a text is not well-formed Unicode, which UTF-8
 * and Avro cannot carry. The check itself does not recurse.
 */
export function shapeProblem(value: unknown): string | null {
  let level: unknown[] = [value]
  for (let depth = 0; level.length > 0; depth++) {
    if (depth > maxDepth) return `is nested deeper than ${maxDepth} levels`
    const next: unknown[] = []
    for (const each of level) {
      if (typeof each === 'string' && !each.isWellFormed()) return 'holds a text that is not well-formed Unicode'
      if (typeof each !== 'object' || each === null) continue
      for (const [name, inner] of Object.entries(each)) {
        if (!name.isWellFormed()) return 'holds a name that is not well-formed Unicode'
        next.push(inner)
      }
    }
    level = next
  }
  return null
}
