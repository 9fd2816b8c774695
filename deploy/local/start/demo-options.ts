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
                         exit code 0 when nothing is missing
  --no-demo              no sample traffic
  --conversations FILE   play the conversations in FILE instead of the samples: one JSON a line,
                         { "id", "turns": [{ "from": "user" | "bot", "text", "intents"?, "variables"? }] }
  --help                 this text

KAFKA_BROKERS and SCHEMA_REGISTRY_URL make it use a Kafka and a registry that run already.
Stop it by Ctrl-C.
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
    if (noDemo && once) return { kind: 'wrong', why: '--once has nothing to wait for with --no-demo' }
    if (noDemo && conversationsFile !== undefined) {
      return { kind: 'wrong', why: '--conversations plays nothing with --no-demo' }
    }
    return { kind: 'start', options: { once, demo: !noDemo, conversationsFile } }
  } catch (error) {
    return { kind: 'wrong', why: error instanceof Error ? error.message : String(error) }
  }
}
