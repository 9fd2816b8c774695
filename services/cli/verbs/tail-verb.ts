import { type Command, InvalidArgumentError, Option } from 'commander'
import type { VerbContext } from '../connection/verb-context.ts'
import { exitCodes } from '../exit-codes.ts'
import { CliFailure } from '../failure.ts'
import type { Act } from '../program.ts'
import { createDecoder, registrySchemas } from '../tail/decoder.ts'
import { recordText, type ShownRecord, shownRecord } from '../tail/shown-record.ts'
import { parseTailStart, type TailStart } from '../tail/start-position.ts'
import { readTopic, topicNames } from '../tail/topic-reader.ts'
import { positiveInteger, wholeNumber } from './option-values.ts'

/** tail: the records of a topic, decoded. */
export function addTailVerb(program: Command, act: Act): void {
  program
    .command('tail')
    .description("show the records of a topic: Avro decoded with each record's own schema, JSON, or text")
    .argument('<topic>', 'with or without the prefix')
    .addOption(
      new Option('--from <place>', 'beginning, end, an offset (120), the last (-20), or a time').argParser(place),
    )
    .option('-f, --follow', 'continue with new records, until Ctrl-C')
    .option('--key <key>', 'only records with this key')
    .option('--limit <n>', 'maximum number of records', positiveInteger)
    .option('--partition <n>', 'only this partition', wholeNumber)
    .addHelpText(
      'after',
      '\nWithout --from: the last 10 of each partition. A time is ISO 8601, or an age: 15m, 6h, 2d.\nWithout --follow, records come in the order of their times; secrets and header values are shown as ***.',
    )
    .action(act(tail))
}

type TailOptions = { from?: TailStart; follow?: boolean; key?: string; limit?: number; partition?: number }

/** Maximum number of records that are sorted by time; more are shown as they arrive, partition by partition. */
const sortedAtMost = 10_000

async function tail(context: VerbContext, name: string, options: TailOptions): Promise<number> {
  const connection = context.kafka()
  const topic = findTopic(name, connection.HOOKLINE_TOPIC_PREFIX, await topicNames(connection))
  const {
    from = { kind: 'last', count: 10 },
    follow = false,
    key,
    limit = Number.POSITIVE_INFINITY,
    partition,
  } = options
  const decode = createDecoder(registrySchemas(connection))
  const print = (record: ShownRecord) => context.terminal.out(recordText(record, context.options.output))
  const output = new OrderedOutput(follow ? 0 : sortedAtMost, print)
  let count = 0
  await readTopic(connection, { topic, from, partition, follow }, context.terminal, (record) => {
    if (key !== undefined && record.key?.toString('utf8') !== key) return true
    output.add(decode(record.value).then((shown) => shownRecord(record, shown)))
    return ++count < limit
  })
  await output.end()
  return exitCodes.ok
}

/** @throws CliFailure that lists the existing topics. */
function findTopic(name: string, prefix: string, names: string[]): string {
  const found = [prefix + name, name].find((candidate) => names.includes(candidate))
  if (found !== undefined) return found
  const own = names
    .filter((one) => one.startsWith(prefix) && !one.startsWith('__'))
    .map((one) => one.slice(prefix.length))
  throw new CliFailure(
    exitCodes.notFound,
    `there is no topic ${prefix}${name}, or Kafka's ACLs do not allow this user to Describe it; existing topics: ${own.sort().join(', ')}`,
  )
}

/** Prints records in the order in which they were read, or sorted by time, while decoding overlaps with reading. */
class OrderedOutput {
  readonly #holdAtMost: number
  readonly #print: (record: ShownRecord) => void
  #held: ShownRecord[] | null
  #last: Promise<void> = Promise.resolve()

  constructor(holdAtMost: number, print: (record: ShownRecord) => void) {
    this.#holdAtMost = holdAtMost
    this.#print = print
    this.#held = holdAtMost > 0 ? [] : null
  }

  add(record: Promise<ShownRecord>): void {
    this.#last = this.#last.then(async () => this.#take(await record))
    // end() reports the rejection.
    this.#last.catch(() => undefined)
  }

  async end(): Promise<void> {
    await this.#last
    this.#flush()
  }

  #take(record: ShownRecord): void {
    if (this.#held === null) return this.#print(record)
    this.#held.push(record)
    if (this.#held.length > this.#holdAtMost) this.#flush()
  }

  #flush(): void {
    const held = this.#held ?? []
    this.#held = null
    for (const record of held.sort((a, b) => (a.at < b.at ? -1 : a.at > b.at ? 1 : 0))) this.#print(record)
  }
}

function place(text: string): TailStart {
  const found = parseTailStart(text)
  if (!found) throw new InvalidArgumentError('Expected beginning, end, an offset (120), the last (-20), or a time.')
  return found
}
