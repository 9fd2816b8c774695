import { type Command, Option } from 'commander'
import type { VerbContext } from '../connection/verb-context.ts'
import { exitCodes } from '../exit-codes.ts'
import { usageFailure } from '../failure.ts'
import type { Act } from '../program.ts'
import { type AttemptOptions, addAttemptOptions, toAttemptQuery } from './attempt-options.ts'

/** Verb export: all attempts, or dead letters, as rows that programs and spreadsheets read. */
export function addExportVerb(program: Command, act: Act): void {
  const verb = program
    .command('export')
    .description('write attempts or notifications that were given up as CSV or NDJSON, newest first')
    .argument('<what>', 'attempts or dead-letters')
    .argument('<webhook>', 'id or name')
    .addOption(new Option('--format <format>').choices(['csv', 'ndjson']).default('ndjson'))
  addAttemptOptions(verb).action(act(exportRows))
}

type ExportOptions = AttemptOptions & { format: string }

async function exportRows(
  context: VerbContext,
  what: string,
  reference: string,
  { format, ...options }: ExportOptions,
): Promise<number> {
  if (what !== 'attempts' && what !== 'dead-letters') throw usageFailure(`${what}: expected attempts or dead-letters`)
  const query = toAttemptQuery(options, context.terminal.clock.nowMs())
  if (what === 'dead-letters' && Object.keys(query).length > 0) throw usageFailure('filters are for attempts only')
  const webhook = await context.find(reference)
  for await (const text of (await context.admin()).export(webhook, what, { format, ...query }))
    context.terminal.out(text)
  return exitCodes.ok
}
