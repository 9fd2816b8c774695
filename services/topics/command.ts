import got, { type Got, HTTPError } from 'got'
import Type from 'typebox'
import type { RegistryConfig } from '../platform/avro/codec.ts'
import { ConfigError, loadConfig } from '../platform/config/config.ts'
import { kafkaVariables, registryVariables, saslRule } from '../platform/config/variables.ts'
import { createKafka } from '../platform/kafka/client.ts'
import { applyTopics, diffTopics, type TopicDifference, type TopicSpec, withAdmin } from '../platform/kafka/topics.ts'
import { systemClock } from '../platform/runtime/clock.ts'
import { createLogger } from '../platform/runtime/log.ts'
import { type Topic, topics } from './map.ts'
import { isAvro, schemaOf, subjectOf, topicName } from './schemas.ts'

/** npm run topics -- apply|diff: brings topics and schemas to what this repository says, or shows what differs. */

export const topicsConfig = Type.Object(
  {
    ...kafkaVariables,
    ...registryVariables,
    HOOKLINE_PARTITIONS: Type.Integer({
      default: 12,
      minimum: 1,
      maximum: 1000,
      description: 'partitions of each data topic; choose well, it cannot grow later without moving keys',
    }),
    HOOKLINE_REPLICATION_FACTOR: Type.Integer({
      default: -1,
      minimum: -1,
      maximum: 32_767,
      check: (value: string) => Number(value) !== 0,
      allowed: '-1, or 1 to 32767',
      description: "replicas of each new topic; -1 is the broker's default",
    }),
  },
  { rules: [saslRule] },
)

const dayMs = 86_400_000
const compatibility = 'FULL_TRANSITIVE'

export function specOf(topic: Topic, prefix: string, partitions: number): TopicSpec {
  const { cleanup } = topic
  const settings: Record<string, string> =
    cleanup.policy === 'compact'
      ? { 'cleanup.policy': 'compact' }
      : { 'cleanup.policy': 'delete', 'retention.ms': String(cleanup.retentionDays * dayMs) }
  // A dead letter holds a whole unreadable record beside its reason: more than the largest record of any other topic.
  if (topic === topics.webhookDeadLetters) settings['max.message.bytes'] = String(4 * 1_048_576)
  if (topic.schema === topics.webhookStats.schema || topic === topics.webhookDeadLetterCounts) {
    // A record that a late writer put over a better one is repaired from that one (stats-aggregator/stored/stored-states.ts).
    settings['min.compaction.lag.ms'] = String(10 * 60_000)
    // Only closed segments are compacted, and all of the topic is read at a start.
    settings['segment.bytes'] = String(32 * 1_048_576)
  }
  if (topic === topics.webhookHealth) {
    // Snapshots of a failing webhook take 1 KB every two seconds, and whoever takes over reads all that is not compacted yet.
    settings['segment.bytes'] = String(4 * 1_048_576)
  }
  return { name: topicName(topic, prefix), partitions: topic.partitions === 'one' ? 1 : partitions, settings }
}

async function main(): Promise<number> {
  const verb = process.argv[2]
  if (verb !== 'apply' && verb !== 'diff') {
    process.stderr.write('usage: npm run topics -- apply|diff\n')
    return 2
  }
  const config = loadConfig(topicsConfig, process.env)
  const kafka = createKafka(config, createLogger('topics', 'error'))
  const specs = Object.values(topics).map((topic) =>
    specOf(topic, config.HOOKLINE_TOPIC_PREFIX, config.HOOKLINE_PARTITIONS),
  )
  const differences = await withAdmin(kafka, async (admin) => {
    const found = await diffTopics(admin, specs)
    if (verb === 'apply') await applyTopics(admin, specs, found, config.HOOKLINE_REPLICATION_FACTOR, systemClock)
    return found
  })
  for (const difference of differences) print(describe(difference, verb))
  const schemas = await unregistered(config, config.HOOKLINE_TOPIC_PREFIX)
  for (const topic of schemas) {
    if (verb === 'apply') await register(config, subjectOf(topic, config.HOOKLINE_TOPIC_PREFIX), schemaOf(topic))
    print(
      `${verb === 'apply' ? 'registered' : 'not registered'}: ${topic.schema} under ${subjectOf(topic, config.HOOKLINE_TOPIC_PREFIX)}`,
    )
  }
  const remaining =
    verb === 'diff' ? differences.length + schemas.length : differences.filter((d) => d.kind === 'partitions').length
  if (differences.length + schemas.length === 0) print('topics and schemas are as they should be')
  return remaining === 0 ? 0 : 1
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

/** Topics whose schema, exactly as it is here, is not registered under their subject. */
async function unregistered(config: RegistryConfig, prefix: string): Promise<Topic[]> {
  const registry = registryClient(config)
  const missing: Topic[] = []
  for (const topic of Object.values(topics).filter(isAvro)) {
    const subject = encodeURIComponent(subjectOf(topic, prefix))
    const json = { schema: JSON.stringify(schemaOf(topic)) }
    const { statusCode } = await registry
      .post(`subjects/${subject}`, { json })
      .catch((error: unknown) => answerOf(error, 404))
    if (statusCode === 404) missing.push(topic)
  }
  return missing
}

/** @throws the error, unless it is an answer with that status. */
function answerOf(error: unknown, status: number): { statusCode: number } {
  if (error instanceof HTTPError && error.response.statusCode === status) return error.response
  throw error
}

/** Registers a schema. The subject's rule comes first, so that no version slips in under another one. @throws when the registry refuses the schema. */
export async function register(config: RegistryConfig, subject: string, schema: object): Promise<void> {
  const registry = registryClient(config)
  await registry.put(`config/${encodeURIComponent(subject)}`, { json: { compatibility } })
  await registry.post(`subjects/${encodeURIComponent(subject)}/versions`, { json: { schema: JSON.stringify(schema) } })
}

/** All of its requests may be repeated. One that the registry leaves without an answer is, after ten seconds. */
function registryClient(config: RegistryConfig): Got {
  const { SCHEMA_REGISTRY_USERNAME: username, SCHEMA_REGISTRY_PASSWORD: password } = config
  return got.extend({
    prefixUrl: config.SCHEMA_REGISTRY_URL,
    retry: { limit: 2, methods: ['PUT', 'POST'] },
    timeout: { request: 10_000 },
    headers: { 'content-type': 'application/vnd.schemaregistry.v1+json' },
    ...(username === '' ? {} : { username, password }),
  })
}

function print(line: string): void {
  process.stdout.write(`${line}\n`)
}

// The configuration above is read by the generator of docs/reference/configuration.md too.
if (import.meta.main) {
  try {
    process.exitCode = await main()
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : error}\n`)
    process.exitCode = error instanceof ConfigError ? 78 : 1
  }
}
