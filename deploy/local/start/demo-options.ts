import { parseArgs } from 'node:util'

export type StartOptions = {
  /** Play, wait until everything has arrived, report, stop. */
  once: boolean
  /** Whether sample traffic is played. */
  demo: boolean
  /** File to play instead of the samples. */
  conversationsFile: string | undefined
}

export type ParsedOptions = { kind: 'start'; options: StartOptions } | { kind: 'help' } | { kind: 'wrong'; why: string }

export const usage = `npm start -- [options]

Starts Kafka, a schema registry and all services on this machine, and sends sample conversations to a sample receiver.

  --once                 wait until every notification has arrived, print one line of JSON last, stop everything;
                         exit code 0 if nothing is missing
  --no-demo              no sample traffic
  --conversations FILE   play the conversations in FILE instead of the samples: one JSON a line,
                         { "id", "turns": [{ "from": "user" | "bot", "text", "intents"?, "variables"? }] }
  --help                 this text

Set KAFKA_BROKERS and SCHEMA_REGISTRY_URL to use a Kafka and a registry that are already running.
Press Ctrl-C to stop.
`

export function parseOptions(args: string[]): ParsedOptions {
  try {
    const { values } = parseArgs({
      args,
      options: {
        once: { type: 'boolean', default: false },
        'no-demo': { type: 'boolean', default: false },
        conversations: { type: 'string' },
        help: { type: 'boolean', short: 'h', default: false },
      },
    })
    if (values.help) return { kind: 'help' }
    const { once, 'no-demo': noDemo, conversations: conversationsFile } = values
    if (noDemo && once) return { kind: 'wrong', why: '--once needs sample traffic, which --no-demo leaves out' }
    if (noDemo && conversationsFile !== undefined) {
      return { kind: 'wrong', why: '--conversations and --no-demo exclude each other' }
    }
    return { kind: 'start', options: { once, demo: !noDemo, conversationsFile } }
  } catch (error) {
    return { kind: 'wrong', why: error instanceof Error ? error.message : String(error) }
  }
}
