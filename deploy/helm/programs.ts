import { stringify } from 'yaml'
import { fileVariableOf, takesFile } from '../../services/platform/config/file-variables.ts'
import { type Topic, topics } from '../../services/topics/topic-map.ts'
import { configurations } from '../docs/tables/configuration-table.ts'
import { kafkajsFlags, ownFlagsOf } from '../local/stack/memory.ts'

/** A variable's JSON Schema, of what config.ts declares. */
export type VariableDeclaration = {
  type?: string
  enum?: unknown[]
  minimum?: number
  maximum?: number
  default?: unknown
  description?: string
  secret?: boolean
  inFile?: boolean
}

/** Facts of a program that the chart's templates use. */
type ChartProgram = {
  /** Arguments of the image's entry point. */
  args: string[]
  /** Default of HOOKLINE_HTTP_PORT; only services have one. */
  port?: number
  /** Default of HOOKLINE_SHUTDOWN_TIMEOUT_MS. */
  shutdownTimeoutMs?: number
  isPublic?: boolean
  /** Topics whose lag in the program's consumer group says how much waits, without the prefix. */
  lagTopics?: string[]
  /** Variables without a usable default: each has to be in the values. */
  required: string[]
  variables: string[]
}

const lagTopics: Record<string, Topic[]> = {
  formatter: [topics.messageEvents, topics.statusEvents],
  dispatcher: [topics.webhookDeliveries],
  'stats-aggregator': [topics.webhookAttempts],
}

/** Programs that the chart runs: the services, and `topics apply` as a Job. */
export const chartPrograms = Object.keys(configurations).filter((program) => program !== 'cli')

/** deploy/helm/hookline/files/programs.yaml, which the templates read. */
export function programsFile(): string {
  const programs = chartPrograms.map((program) => [program, describeProgram(program)])
  return `# Made by "npm run docs" from the services' config.ts. Do not edit.\n${stringify(Object.fromEntries(programs))}`
}

function describeProgram(program: string): ChartProgram {
  const declared = declarationsOf(program)
  const names = {
    required: [...declared].filter(([, { default: value }]) => isUnusable(value)).map(([name]) => name),
    variables: [...declared.keys()],
  }
  if (program === 'topics') return { args: [...kafkajsFlags, 'services/topics/command.ts', 'apply'], ...names }
  return {
    args: [...ownFlagsOf(program), `services/dist/${program}.mjs`],
    port: Number(declared.get('HOOKLINE_HTTP_PORT')?.default),
    shutdownTimeoutMs: Number(declared.get('HOOKLINE_SHUTDOWN_TIMEOUT_MS')?.default),
    isPublic: isPublic(program),
    ...(lagTopics[program] && { lagTopics: lagTopics[program].map(({ name }) => name) }),
    ...names,
  }
}

/** Whether others than Kubernetes and Prometheus call a program over HTTP. */
export function isPublic(program: string): boolean {
  return program === 'producer' || program === 'admin'
}

/** In a pod, nothing of Kafka or the registry is on localhost. */
function isUnusable(value: unknown): boolean {
  return value === undefined || String(value).includes('localhost')
}

/** Variables of a program with their JSON Schemas, those that name a file with a value included. */
export function declarationsOf(program: string): Map<string, VariableDeclaration> {
  const { properties } = JSON.parse(JSON.stringify(configurations[program])) as {
    properties: Record<string, VariableDeclaration>
  }
  const files = Object.entries(properties)
    .filter(([, variable]) => takesFile(variable))
    .map(([name]) => [fileVariableOf(name), { type: 'string', default: '', description: `file with ${name}` }] as const)
  return new Map<string, VariableDeclaration>([...Object.entries(properties), ...files])
}
