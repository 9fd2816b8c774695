import { Argument, Command, CommanderError, Option } from 'commander'
import { stringify } from 'yaml'
import { ConfigError, loadConfig } from '../platform/config/config.ts'
import { withAdmin } from '../platform/kafka/admin-client.ts'
import { createKafka } from '../platform/kafka/client.ts'
import type { TopicSpec } from '../platform/kafka/topic-spec.ts'
import { applyTopics, diffTopics, readReplication, type TopicDifference } from '../platform/kafka/topics.ts'
import { systemClock } from '../platform/runtime/clock.ts'
import { createLogger } from '../platform/runtime/log.ts'
import { readVersion } from '../platform/runtime/version.ts'
import { type TopicsConfig, topicsConfig } from './config.ts'
import { migrate } from './move/migrate.ts'
import { asyncApi } from './print/asyncapi.ts'
import { kafkaAcls } from './print/kafka-acls.ts'
import { type StrimziAuthentication, strimziAuthentications, strimziTopics, strimziUsers } from './print/strimzi.ts'
import { register, unregistered } from './registration.ts'
import { type Program, programs } from './rights.ts'
import { readSchema, subjectName } from './schemas.ts'
import { toTopicSpec } from './settings/kafka-settings.ts'
import { replicationWarnings } from './settings/replication-warnings.ts'
import { topics } from './topic-map.ts'

/** Command line of npm run topics -- apply, diff, acls, print and migrate (docs/reference/contract.md, section 6). */

const exitCodes = { ok: 0, failed: 1, usage: 2, configuration: 78 } as const

const program = new Command('topics')
  .description('Manages the topics, schemas and rights in Kafka that this repository declares.')
  .exitOverride()

program
  .command('apply')
  .description('create missing topics, correct their settings, register the schemas')
  .action(async () => {
    process.exitCode = await applyOrDiff('apply')
  })
program
  .command('diff')
  .description('show what apply would change')
  .action(async () => {
    process.exitCode = await applyOrDiff('diff')
  })
program
  .command('acls')
  .description('print the kafka-acls.sh commands that give each program the rights it needs')
  .addArgument(new Argument('[program]', 'all programs by default').choices(programs))
  .option(
    '--principal <principal>',
    "principal that gets the rights; {program} stands for the program's name",
    'User:{program}',
  )
  .action((wanted: Program | undefined, { principal }: { principal: string }) => {
    const { HOOKLINE_TOPIC_PREFIX: prefix } = loadConfig(topicsConfig, process.env)
    for (const name of wanted ? [wanted] : programs) {
      print(`# ${name}`)
      for (const line of kafkaAcls(name, prefix, principal.replaceAll('{program}', name))) print(line)
    }
  })
program
  .command('print')
  .description('print topics and users as resources for Strimzi, or the topics as an AsyncAPI document')
  .addOption(new Option('--format <format>').choices(['strimzi', 'asyncapi']).makeOptionMandatory())
  .option('--cluster <name>', "name of Strimzi's Kafka resource", 'kafka')
  .addOption(
    new Option('--authentication <type>', "how Strimzi's users sign in")
      .choices(strimziAuthentications)
      .default('scram-sha-512'),
  )
  .action(({ format, cluster, authentication }: PrintOptions) => {
    const config = loadConfig(topicsConfig, process.env)
    if (format === 'asyncapi') return void process.stdout.write(stringify(asyncApi(readVersion(), config)))
    const prefix = config.HOOKLINE_TOPIC_PREFIX
    const options = { cluster, prefix, replicas: config.HOOKLINE_REPLICATION_FACTOR, authentication }
    process.stdout.write(strimziTopics(listSpecs(config), options) + strimziUsers(programs, options))
  })

program
  .command('migrate')
  .description('copy what has to be kept from the topics of another prefix or cluster, once its services are done')
  .option('--from-prefix <prefix>', 'HOOKLINE_TOPIC_PREFIX of the installation that is left', '')
  .option('--from-brokers <brokers>', 'its KAFKA_BROKERS; by default those of the new one')
  .option('--from-registry-url <url>', 'its SCHEMA_REGISTRY_URL; by default that of the new one')
  .option('--leave-parked', 'do not wait for notifications in webhook-parked')
  .action(async (options: MigrateFlags) => {
    const config = loadConfig(topicsConfig, process.env)
    const from = loadConfig(topicsConfig, {
      ...process.env,
      HOOKLINE_TOPIC_PREFIX: options.fromPrefix,
      ...(options.fromBrokers && { KAFKA_BROKERS: options.fromBrokers }),
      ...(options.fromRegistryUrl && { SCHEMA_REGISTRY_URL: options.fromRegistryUrl }),
    })
    const isDone = await migrate(config, { from, leaveParked: options.leaveParked === true }, print)
    process.exitCode = isDone ? exitCodes.ok : exitCodes.failed
  })

type MigrateFlags = { fromPrefix: string; fromBrokers?: string; fromRegistryUrl?: string; leaveParked?: true }
type PrintOptions = { format: 'strimzi' | 'asyncapi'; cluster: string; authentication: StrimziAuthentication }

function listSpecs(config: TopicsConfig): TopicSpec[] {
  return Object.values(topics).map((topic) =>
    toTopicSpec(topic, config.HOOKLINE_TOPIC_PREFIX, config.HOOKLINE_PARTITIONS, config),
  )
}

/** @returns the exit code: 1 while there are differences left. */
async function applyOrDiff(verb: 'apply' | 'diff'): Promise<number> {
  const config = loadConfig(topicsConfig, process.env)
  const kafka = createKafka(config, createLogger('topics', 'error'))
  const specs = listSpecs(config)
  const [differences, replication] = await withAdmin(kafka, async (admin) => {
    const found = await diffTopics(admin, specs)
    if (verb === 'apply') await applyTopics(admin, specs, found, config.HOOKLINE_REPLICATION_FACTOR, systemClock)
    const missing = new Set(found.filter(({ kind }) => kind === 'missing').map(({ topic }) => topic))
    const present = verb === 'apply' ? specs : specs.filter(({ name }) => !missing.has(name))
    return [found, await readReplication(admin, present, systemClock)]
  })
  for (const difference of differences) print(describe(difference, verb))
  const schemas = await unregistered(config, config.HOOKLINE_TOPIC_PREFIX)
  for (const topic of schemas) {
    if (verb === 'apply') await register(config, subjectName(topic, config.HOOKLINE_TOPIC_PREFIX), readSchema(topic))
    print(
      `${verb === 'apply' ? 'registered' : 'not registered'}: ${topic.schema} under ${subjectName(topic, config.HOOKLINE_TOPIC_PREFIX)}`,
    )
  }
  const remaining =
    verb === 'diff' ? differences.length + schemas.length : differences.filter((d) => d.kind === 'partitions').length
  for (const warning of replicationWarnings(replication)) process.stderr.write(`warning: ${warning}\n`)
  if (differences.length + schemas.length === 0) print('topics and schemas are up to date')
  return remaining === 0 ? exitCodes.ok : exitCodes.failed
}

function describe(difference: TopicDifference, verb: 'apply' | 'diff'): string {
  switch (difference.kind) {
    case 'missing':
      return `${verb === 'apply' ? 'created' : 'missing'}: ${difference.topic}`
    case 'setting': {
      const { topic, setting, is, shouldBe } = difference
      return verb === 'apply'
        ? `set: ${topic} ${setting}=${shouldBe} (was ${is})`
        : `differs: ${topic} ${setting} is ${is}, should be ${shouldBe}`
    }
    case 'partitions': {
      const { topic, is, shouldBe } = difference
      return `differs: ${topic} has ${is} partitions, should have ${shouldBe} (not changed: keys would move to other partitions)`
    }
  }
}

function print(line: string): void {
  process.stdout.write(`${line}\n`)
}

// Ends quietly when a reader such as head closes the pipe.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error
  process.exit()
})

try {
  await program.parseAsync()
} catch (error) {
  // Commander has already reported what is wrong with the command line.
  if (error instanceof CommanderError) process.exitCode = error.exitCode === 0 ? exitCodes.ok : exitCodes.usage
  else {
    process.stderr.write(`${error instanceof Error ? error.message : error}\n`)
    process.exitCode = error instanceof ConfigError ? exitCodes.configuration : exitCodes.failed
  }
}
