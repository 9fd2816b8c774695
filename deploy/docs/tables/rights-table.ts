import { listRights, programs, type Right } from '../../../services/topics/rights.ts'
import { code, table } from '../markdown.ts'

const commands: Record<string, string> = {
  topics: 'npm run topics',
  'topics-migrate': 'npm run topics -- migrate',
  'stats-rebuild': 'npm run stats -- rebuild',
  tail: 'npm run webhooks -- tail',
}

/** Rights of each program in Kafka, as declared in services/topics/rights.ts. One row for each set of operations. */
export function rightsTable(): string {
  const rows = programs.flatMap((program) => {
    const alike = Map.groupBy(listRights(program, ''), ({ resource, operations }) => `${resource} ${operations}`)
    return [...alike.values()].map((rights, index) => {
      const [{ resource, operations }] = rights as [Right, ...Right[]]
      const command = commands[program]
      const title = command === undefined ? program : code(command)
      return [index === 0 ? title : '', resource, namesOf(rights), operations.join(', ')]
    })
  })
  return table(['program', 'resource', 'names', 'operations'], rows)
}

/** A prefix has a star. */
function namesOf(rights: readonly Right[]): string {
  return rights.map(({ name, pattern }) => code(pattern === 'prefixed' ? `${name}*` : name)).join(', ')
}
