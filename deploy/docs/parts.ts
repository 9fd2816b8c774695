import { configurationTable } from './configuration-table.ts'
import { topicsTable } from './topics-table.ts'

/** Name of the marker in README.md -> text. */
export function generatedParts(): Map<string, string> {
  return new Map([
    ['topics', topicsTable()],
    ['configuration', configurationTable()],
  ])
}
