/** Levels of nesting: a definition has three. JSON.stringify and Avro recurse, and end by a full stack at some thousands. */
const maxDepth = 20

/**
 * What keeps a JSON value from being handled at all: nesting too deep, or texts that are not well-formed Unicode, which
 * UTF-8 and Avro cannot carry. Without recursion, whatever the value is.
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
