import { Command, CommanderError, Option } from 'commander'
import { ConfigError } from '../platform/config/config.ts'
import type { LocalAddress } from './connection/local-address.ts'
import { type GlobalOptions, VerbContext } from './connection/verb-context.ts'
import { exitCodes } from './exit-codes.ts'
import { CliFailure } from './failure.ts'
import { formats } from './output/output.ts'
import type { Terminal } from './terminal.ts'
import { addExportVerb } from './verbs/export-verb.ts'
import { addFindVerb } from './verbs/find-verb.ts'
import { addListenVerb } from './verbs/listen-verb.ts'
import { addAccountVerbs, addReadingVerbs } from './verbs/reading-verbs.ts'
import { addSendingVerbs } from './verbs/sending-verbs.ts'
import { addTailVerb } from './verbs/tail-verb.ts'
import { addWritingVerbs } from './verbs/writing-verbs.ts'

/** Turns a verb into an action: its arguments and options follow the context. */
export type Act = <Given extends unknown[]>(
  verb: (context: VerbContext, ...given: Given) => Promise<number>,
) => (...given: unknown[]) => Promise<void>

const exitCodesHelp = `
Exit codes: 0 success; 1 refused or not successful; 2 invalid command line or file;
3 apply --dry-run: differences; 4 no such webhook; 5 not permitted; 6 no response.

Addresses and credentials come from flags, then from HOOKLINE_ADMIN_URL, HOOKLINE_TOKEN, HOOKLINE_BUSINESS, KAFKA_BROKERS,
SCHEMA_REGISTRY_URL, HOOKLINE_TOPIC_PREFIX, then from .hookline/local.json, which npm start writes.`

/** Runs a command line. @param args arguments after the program's name. @returns the exit code (exit-codes.ts). */
export async function run(
  args: string[],
  terminal: Terminal,
  local: () => Promise<LocalAddress | null>,
): Promise<number> {
  let exitCode: number = exitCodes.ok
  const act: Act =
    (verb) =>
    async (...given) => {
      const command = given.at(-1) as Command
      const context = new VerbContext(terminal, command.optsWithGlobals<GlobalOptions>(), await local())
      exitCode = await verb(context, ...(given.slice(0, -1) as never))
    }
  try {
    await createProgram(terminal, act).parseAsync(args, { from: 'user' })
    return exitCode
  } catch (error) {
    return reportFailure(error, terminal)
  }
}

function createProgram(terminal: Terminal, act: Act): Command {
  const program = new Command('webhooks')
    .description("Hookline's command line for operators")
    .option('-b, --business <id>', "the business; the token's own by default")
    .addOption(new Option('-o, --output <format>', 'format of the output').choices([...formats]).default('table'))
    .option('--admin-url <url>', 'base URL of admin')
    .option('--token-file <file>', 'file with the bearer token')
    .option('--brokers <brokers>', 'for tail: brokers as host:port, comma-separated')
    .option('--registry-url <url>', "for tail: base URL of the schema registry's Confluent API")
    .option('--topic-prefix <prefix>', 'for tail: prefix of the topic names')
    .addHelpText('after', exitCodesHelp)
    .exitOverride()
    .configureOutput({ writeOut: terminal.out, writeErr: terminal.err })
  addReadingVerbs(program, act)
  addFindVerb(program, act)
  addExportVerb(program, act)
  addWritingVerbs(program, act)
  addSendingVerbs(program, act)
  addListenVerb(program, act)
  addAccountVerbs(program, act)
  addTailVerb(program, act)
  return program
}

/** Reports an expected failure; a bug crashes with its stack. */
function reportFailure(error: unknown, { err }: Terminal): number {
  // Commander has already reported it; help is not a failure.
  if (error instanceof CommanderError) return error.exitCode === 0 ? exitCodes.ok : exitCodes.usage
  if (error instanceof CliFailure) {
    err(`${error.message}\n`)
    return error.exitCode
  }
  if (error instanceof ConfigError) {
    err(`${error.message}\n`)
    return exitCodes.usage
  }
  throw error
}
