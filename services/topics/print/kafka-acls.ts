import { listRights, type Program, type Right } from '../rights.ts'

/**
 * Commands of kafka-acls.sh that give a program its rights, one line each, for a POSIX shell.
 * @param principal such as `User:formatter`.
 */
export function kafkaAcls(program: Program, prefix: string, principal: string): string[] {
  // Topics with the same operations share a command, because the tool takes about two seconds each time.
  const alike = Map.groupBy(listRights(program, prefix), ({ resource, pattern, operations }) =>
    JSON.stringify([resource, pattern, operations]),
  )
  return [...alike.values()].map((rights) => command(principal, rights))
}

function command(principal: string, rights: Right[]): string {
  const [{ resource, pattern, operations }] = rights as [Right]
  return [
    'kafka-acls.sh --bootstrap-server "$BOOTSTRAP" --command-config "$COMMAND_CONFIG" --add',
    `--allow-principal ${quote(principal)}`,
    ...operations.map((operation) => `--operation ${operation}`),
    `--resource-pattern-type ${pattern}`,
    ...rights.map(({ name }) => `--${resource} ${quote(name)}`),
  ].join(' ')
}

function quote(text: string): string {
  return /^[\w.:=-]+$/.test(text) ? text : `'${text.replaceAll("'", String.raw`'\''`)}'`
}
