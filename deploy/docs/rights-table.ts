import { programs, type Right, rightsOf } from '../../services/topics/rights.ts'
import { code, table } from './markdown.ts'

const commands: Record<string, string> = {
  topics: 'npm run topics',
  'stats-rebuild': 'npm run stats -- rebuild',
  tail: 'npm run webhooks -- tail',
}

/** What each program may do in Kafka, as services/topics/rights.ts says. A row for each set of operations. */
export function rightsTable(): string {
  const rows = programs.flatMap((program) => {
    const alike = Map.groupBy(rightsOf(program, ''), ({ resource, operations }) => `${resource} ${operations}`)
    return [...alike.values()].map((rights, index) => {
      const [{ resource, operations }] = rights as [Right, ...Right[]]
      const command = commands[program]
      const title = command === undefined ? program : code(command)
      return [index === 0 ? title : '', resource, namesOf(rights), operations.join(', ')]
    })
  })
  return table(['program', 'resource', 'names', 'operations'], rows)
}

/** A name that others begin with has a star. */
function namesOf(rights: readonly Right[]): string {
  return rights.map(({ name, pattern }) => code(pattern === 'prefixed' ? `${name}*` : name)).join(', ')
}
