import { createRegistry, type RegistryConfig } from '../../platform/avro/registry.ts'
import { accessKafka } from '../../platform/kafka/access/access-kafka.ts'
import { withAdmin } from '../../platform/kafka/admin-client.ts'
import { createKafka, type Kafka, type KafkaVariables } from '../../platform/kafka/client.ts'
import { fetchCommitted } from '../../platform/kafka/committed.ts'
import { hasMembers } from '../../platform/kafka/group/group-requests.ts'
import { applyTopics, diffTopics } from '../../platform/kafka/topics.ts'
import { countPartitions } from '../../platform/kafka/wire/count-partitions.ts'
import type { Clock } from '../../platform/runtime/clock.ts'
import { register } from '../../topics/registration.ts'
import { readSchema } from '../../topics/schemas.ts'
import { toTopicSpec } from '../../topics/settings/kafka-settings.ts'
import { statsGroupFor, statsTopicFor } from '../../topics/stats-generation.ts'
import { topics } from '../../topics/topic-map.ts'
import { TopicUse } from '../../topics/topic-use.ts'
import { type AggregatorContext, openAggregator } from '../fold/aggregator.ts'

export type RebuildOptions = { generation: number; slowThresholdMs: number | null; resume: boolean }

export type RebuildContext = Omit<AggregatorContext, 'config'> & {
  config: Omit<AggregatorContext['config'], 'HOOKLINE_STATS_FLUSH_INTERVAL_MS'> & KafkaVariables & RegistryConfig
}

export type RebuildResult = { kind: 'done' } | { kind: 'refused'; why: string }

const lookEveryMs = 500
const flushIntervalMs = 1_000

/**
 * Folds webhook-attempts again into a generation of its own, up to its end at the time of the call. It runs an
 * aggregator like the one in use, with another topic and consumer group, which continues from there once it is put into
 * use.
 * @param say prints one line for people.
 */
export async function rebuild(
  context: RebuildContext,
  { generation, slowThresholdMs, resume }: RebuildOptions,
  say: (line: string) => void,
): Promise<RebuildResult> {
  const { log, clock, stopping } = context
  const config = { ...context.config, HOOKLINE_STATS_FLUSH_INTERVAL_MS: flushIntervalMs }
  const use = new TopicUse('stats-aggregator', config.HOOKLINE_TOPIC_PREFIX)
  const kafka = createKafka(config, log)
  const statsTopic = statsTopicFor(generation)
  const statesTopic = use.write(statsTopic)
  const groupId = use.prefix + statsGroupFor(generation)
  const attemptsTopic = use.read(topics.webhookAttempts)

  if (await hasMembers(kafka.cluster, groupId)) return refused(`the consumer group ${groupId} is already running`)
  await createTopic(kafka, config, use, statsTopic, attemptsTopic, clock)
  const written = await readEnds(kafka, statesTopic)
  if (!resume && total(written) > 0) return refused(`${statesTopic} is not empty: use another generation, or --resume`)

  const ends = await readEnds(kafka, attemptsTopic)
  say(`folding ${total(ends)} attempts into ${statesTopic}`)
  await using _aggregator = await openAggregator({ ...context, config }, accessKafka(kafka), createRegistry(config), {
    generation,
    slowThresholdMs,
    businesses: [],
    tellsAlerts: false,
  })
  for (;;) {
    const committed = await fetchCommitted(kafka, groupId, [attemptsTopic], context)
    const left = countRemaining(ends, committed.get(attemptsTopic) ?? new Map())
    if (left === 0) break
    say(`${left} left`)
    await clock.sleep(lookEveryMs, stopping)
    if (stopping.aborted) return refused('interrupted; continue with --resume')
  }
  say(`done. To use it, restart stats-aggregator and admin with HOOKLINE_STATS_GENERATION=${generation}`)
  return { kind: 'done' }
}

/** Number of records between the commits and the ends. */
function countRemaining(ends: ReadonlyMap<number, Ends>, committed: ReadonlyMap<number, { offset: number }>): number {
  let left = 0
  for (const [partition, { low, high }] of ends)
    left += Math.max(0, high - Math.max(low, committed.get(partition)?.offset ?? 0))
  return left
}

type Ends = { low: number; high: number }

async function readEnds(kafka: Kafka, topic: string): Promise<Map<number, Ends>> {
  const ends = await kafka.cluster.ends(topic, 'all')
  return new Map(ends.map(({ partition, low, high }) => [partition, { low, high }]))
}

function total(ends: ReadonlyMap<number, Ends>): number {
  return countRemaining(ends, new Map())
}

/**
 * Creates the topic with as many partitions as the attempts have, since a state is stored in the partition number of
 * its attempts.
 */
async function createTopic(
  kafka: Kafka,
  config: RebuildContext['config'],
  use: TopicUse,
  statsTopic: ReturnType<typeof statsTopicFor>,
  attemptsTopic: string,
  clock: Clock,
): Promise<void> {
  await withAdmin(kafka, async (admin) => {
    const count = (await countPartitions(kafka.cluster, [attemptsTopic])).get(attemptsTopic) ?? 0
    if (count === 0)
      throw new Error(`topic ${attemptsTopic} does not exist, or Kafka's ACLs do not allow to Describe it`)
    const specs = [toTopicSpec(statsTopic, use.prefix, count)]
    await applyTopics(admin, specs, await diffTopics(admin, specs), -1, clock)
  })
  await register(config, use.subject(statsTopic), readSchema(statsTopic))
}

function refused(why: string): RebuildResult {
  return { kind: 'refused', why }
}
