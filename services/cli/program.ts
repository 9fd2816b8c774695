import { Command, CommanderError, Option } from 'commander'
import { ConfigError } from '../platform/config/config.ts'
import type { LocalAddress } from './connection/local-address.ts'
import { type GlobalOptions, Session } from './connection/session.ts'
import { exitCodes } from './exit-codes.ts'
import { CliFailure } from './failure.ts'
import { formats } from './output/output.ts'
import type { Terminal } from './terminal.ts'
import { addAccountVerbs, addReadingVerbs } from './verbs/reading-verbs.ts'
import { addSendingVerbs } from './verbs/sending-verbs.ts'
import { addTailVerb } from './verbs/tail-verb.ts'
import { addWritingVerbs } from './verbs/writing-verbs.ts'

/** Makes an action of a verb: its arguments and options come behind the session. */
export type Act = <Given extends unknown[]>(
  verb: (session: Session, ...given: Given) => Promise<number>,
) => (...given: unknown[]) => Promise<void>

const exitCodesHelp = `
Exit codes: 0 done; 1 refused, or it did not come out well; 2 the command line or a file is wrong;
3 apply --dry-run: something differs; 4 no such webhook; 5 the token may not; 6 no answer.

Where things are comes from flags, then from HOOKLINE_ADMIN_URL, HOOKLINE_TOKEN, HOOKLINE_BUSINESS, KAFKA_BROKERS,
SCHEMA_REGISTRY_URL, HOOKLINE_TOPIC_PREFIX, then from .hookline/local.json, which npm start writes.`

/**
 * Runs a command line.
 * @param args behind the program's name.
 * @returns the exit code (exit-codes.ts).
 */
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
      const session = new Session(terminal, command.optsWithGlobals<GlobalOptions>(), await local())
      exitCode = await verb(session, ...(given.slice(0, -1) as never))
    }
  try {
    await createProgram(terminal, act).parseAsync(args, { from: 'user' })
    return exitCode
  } catch (error) {
    return endOf(error, terminal)
  }
}

function createProgram(terminal: Terminal, act: Act): Command {
  const program = new Command('webhooks')
    .description("Hookline's command line for operators")
    .option('-b, --business <id>', "the business; by default the token's own")
    .addOption(new Option('-o, --output <format>').choices([...formats]).default('table'))
    .option('--admin-url <url>', 'base URL of admin')
    .option('--token-file <file>', 'a file that holds the bearer token')
    .option('--brokers <brokers>', 'host:port, comma-separated: for tail')
    .option('--registry-url <url>', "base URL of the schema registry's Confluent API: for tail")
    .option('--topic-prefix <prefix>', 'before the names of topics: for tail')
    .addHelpText('after', exitCodesHelp)
    .exitOverride()
    .configureOutput({ writeOut: terminal.out, writeErr: terminal.err })
  addReadingVerbs(program, act)
  addWritingVerbs(program, act)
  addSendingVerbs(program, act)
  addAccountVerbs(program, act)
  addTailVerb(program, act)
  return program
}

/** Expected ends in words; a bug crashes with its stack. */
function endOf(error: unknown, { err }: Terminal): number {
  // Commander has said it already; help is no failure.
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
