import { run } from '../../services/cli/program.ts'
import type { Terminal } from '../../services/cli/terminal.ts'
import { systemClock } from '../../services/platform/runtime/clock.ts'

/** Width at which the help is wrapped, independent of the terminal. */
const width = 80

/** The help of the operators' command line: the program's, then each verb's. */
export async function commandHelp(): Promise<string> {
  const program = await helpOf([])
  const verbs = verbsOf(program)
  const accountVerbs = verbsOf(await helpOf(['account'])).map((verb) => `account ${verb}`)
  const all = verbs.flatMap((verb) => (verb === 'account' ? accountVerbs : [verb]))
  const sections = [`## webhooks\n\n${fenced(program)}`]
  for (const verb of all) sections.push(`## ${verb}\n\n${fenced(await helpOf(verb.split(' ')))}`)
  return `${sections.join('\n')}`
}

async function helpOf(verb: string[]): Promise<string> {
  let text = ''
  const terminal: Terminal = {
    out: (part) => {
      text += part
    },
    err: (part) => {
      text += part
    },
    colours: false,
    interactive: false,
    env: {},
    read: async () => '',
    clock: systemClock,
    interrupted: new AbortController().signal,
  }
  const { columns } = process.stdout
  process.stdout.columns = width
  const exitCode = await run([...verb, '--help'], terminal, async () => null)
  process.stdout.columns = columns
  if (exitCode !== 0) throw new Error(`no help for ${verb.join(' ')}: ${text}`)
  return text
}

/** Verbs listed below "Commands:", except help. */
function verbsOf(help: string): string[] {
  const [, commands = ''] = help.split(/^Commands:$/m)
  const [list = ''] = commands.trimStart().split('\n\n')
  return list
    .split('\n')
    .flatMap((line) => /^ {0,2}([a-z][\w-]*)/.exec(line)?.[1] ?? [])
    .filter((verb) => verb !== 'help')
}

function fenced(text: string): string {
  return `\`\`\`text\n${text.trim()}\n\`\`\`\n`
}
