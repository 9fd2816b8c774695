import type { TObject } from 'typebox'
import { adminConfig } from '../../../services/admin/config.ts'
import { cliConfig } from '../../../services/cli/config.ts'
import { dispatcherConfig } from '../../../services/dispatcher/config.ts'
import { formatterConfig } from '../../../services/formatter/config.ts'
import { describeConfig, type VariableDoc } from '../../../services/platform/config/config.ts'
import { producerConfig } from '../../../services/producer/config.ts'
import { statsAggregatorConfig } from '../../../services/stats-aggregator/config.ts'
import { topicsConfig } from '../../../services/topics/config.ts'
import { code, table } from '../markdown.ts'

/** Programs that declare variables, in the order of the data flow. The last two are commands, not services. */
export const configurations: Record<string, TObject> = {
  producer: producerConfig,
  formatter: formatterConfig,
  dispatcher: dispatcherConfig,
  'stats-aggregator': statsAggregatorConfig,
  admin: adminConfig,
  topics: topicsConfig,
  cli: cliConfig,
}

const commands = ['topics', 'cli']

/** One variable with its default in each program that reads it. */
type Variable = VariableDoc & { defaults: Map<string, string> }

/** Longer patterns are not shown: the description is clearer. */
const longestPattern = 30

/** Every variable once, in order of first appearance. */
export function configurationTable(): string {
  const head = ['variable', 'read by', 'allowed', 'default', 'meaning']
  const rows = variables().map((variable) => [
    nameOf(variable),
    readersOf(variable),
    allowedOf(variable),
    defaultOf(variable),
    variable.description,
  ])
  return table(head, rows)
}

function nameOf({ name, fileVariable }: Variable): string {
  return fileVariable === null ? code(name) : `${code(name)} or ${code(fileVariable)}`
}

function variables(): Variable[] {
  const found = new Map<string, Variable>()
  for (const [program, schema] of Object.entries(configurations)) {
    for (const doc of describeConfig(schema)) {
      const variable = found.get(doc.name) ?? { ...doc, defaults: new Map<string, string>() }
      variable.defaults.set(program, shownDefault(schema, doc))
      found.set(doc.name, variable)
    }
  }
  return [...found.values()]
}

function shownDefault(schema: TObject, { name, default: value }: VariableDoc): string {
  const hasDefault = 'default' in (schema.properties[name] as object)
  return hasDefault ? code(value) || 'empty' : '**required**'
}

function readersOf({ defaults }: Variable): string {
  const programs = Object.keys(configurations)
  const readers = [...defaults.keys()]
  if (readers.length === programs.length) return 'all'
  if (programs.every((program) => defaults.has(program) !== commands.includes(program))) return 'every service'
  return readers.join(', ')
}

function allowedOf({ type }: Variable): string {
  const [, pattern] = / like (.*)$/.exec(type) ?? []
  if (pattern === undefined) return type
  return pattern.length > longestPattern ? 'string' : `string like ${code(pattern)}`
}

/** One value if all programs agree; the default port is the only one that differs. */
function defaultOf({ defaults }: Variable): string {
  const [first = '', ...others] = new Set(defaults.values())
  if (others.length === 0) return first
  return [...defaults].map(([program, value]) => `${program} ${value}`).join(', ')
}
