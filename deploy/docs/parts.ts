import { commandHelp } from './command-help.ts'
import { configurationTable } from './tables/configuration-table.ts'
import { metricsTable } from './tables/metrics-table.ts'
import { operationsTable } from './tables/operations-table.ts'
import { rightsTable } from './tables/rights-table.ts'
import { topicsTable } from './tables/topics-table.ts'

/** Document, relative to the repository's root -> name of a marker in it -> text. */
export type GeneratedParts = Map<string, Map<string, string>>

/** Every part of a document that is generated from code. */
export async function generatedParts(): Promise<GeneratedParts> {
  return new Map([
    ['docs/operating/kafka.md', new Map([['rights', rightsTable()]])],
    ['docs/reference/api.md', new Map([['operations', operationsTable()]])],
    ['docs/reference/cli.md', new Map([['help', await commandHelp()]])],
    ['docs/reference/configuration.md', new Map([['configuration', configurationTable()]])],
    ['docs/reference/metrics.md', new Map([['metrics', metricsTable()]])],
    ['docs/reference/topics.md', new Map([['topics', topicsTable()]])],
  ])
}
