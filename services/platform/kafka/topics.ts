import type { Admin, ITopicConfig, Kafka } from 'kafkajs'
import type { Clock } from '../runtime/clock.ts'
import { ConfigResourceTypes, KafkaJSError } from './kafkajs-patches/kafkajs.ts'

export type TopicSpec = {
  name: string
  partitions: number
  /** Settings by Kafka's names; other settings are left unchanged. */
  settings: Record<string, string>
}

/** A difference between the cluster and the specs. */
export type TopicDifference =
  | { kind: 'missing'; topic: string }
  | { kind: 'setting'; topic: string; setting: string; is: string; shouldBe: string }
  /** Never changed automatically: with keyed records, a new count would move keys to other partitions. */
  | { kind: 'partitions'; topic: string; is: number; shouldBe: number }

const dynamicTopicConfig = 1
const leadersLimitMs = 30_000

/** Compares the cluster's topics with the specs; changes nothing. */
export async function diffTopics(admin: Admin, specs: TopicSpec[]): Promise<TopicDifference[]> {
  const existing = new Set(await admin.listTopics())
  const present = specs.filter((spec) => existing.has(spec.name))
  const missing = specs.filter((spec) => !existing.has(spec.name))
  const differences: TopicDifference[] = missing.map(({ name }) => ({ kind: 'missing', topic: name }))
  if (present.length === 0) return differences
  const [{ topics }, settings] = await Promise.all([
    admin.fetchTopicMetadata({ topics: present.map(({ name }) => name) }),
    describeSettings(admin, present),
  ])
  for (const spec of present) {
    const count = topics.find(({ name }) => name === spec.name)?.partitions.length ?? 0
    if (count !== spec.partitions)
      differences.push({ kind: 'partitions', topic: spec.name, is: count, shouldBe: spec.partitions })
    for (const [setting, shouldBe] of Object.entries(spec.settings)) {
      const is = settings.get(spec.name)?.get(setting)?.value ?? ''
      if (is !== shouldBe) differences.push({ kind: 'setting', topic: spec.name, setting, is, shouldBe })
    }
  }
  return differences
}

/**
 * Creates missing topics and corrects settings. Resolves once each new partition has a leader.
 * @param replicationFactor -1 is the broker's default.
 */
export async function applyTopics(
  admin: Admin,
  specs: TopicSpec[],
  differences: TopicDifference[],
  replicationFactor: number,
  clock: Clock,
): Promise<void> {
  const of = (kind: TopicDifference['kind']) => new Set(differences.filter((d) => d.kind === kind).map((d) => d.topic))
  const missing = of('missing')
  if (missing.size > 0) {
    const wanted = specs
      .filter((spec) => missing.has(spec.name))
      .map(({ name, partitions, settings }) => ({
        topic: name,
        numPartitions: partitions,
        replicationFactor,
        configEntries: Object.entries(settings).map(([key, value]) => ({ name: key, value })),
      }))
    await createTopics(admin, wanted, clock)
  }
  const changed = specs.filter((spec) => of('setting').has(spec.name))
  if (changed.length > 0) await alterSettings(admin, changed)
}

/**
 * Creates topics and resolves once each partition has a leader; existing topics are left unchanged. kafkajs' own wait
 * gives up while the broker does not know a new topic yet, for example when others are created at the same time.
 */
export async function createTopics(admin: Admin, topics: ITopicConfig[], clock: Clock): Promise<void> {
  await admin.createTopics({ topics, waitForLeaders: false })
  const names = topics.map(({ topic }) => topic)
  const startMs = clock.monotonicMs()
  while (!(await haveLeaders(names, admin))) {
    if (clock.monotonicMs() - startMs > leadersLimitMs) throw new Error('new topics have no leaders yet')
    await clock.sleep(100)
  }
}

async function haveLeaders(topicNames: string[], admin: Admin): Promise<boolean> {
  try {
    const { topics } = await admin.fetchTopicMetadata({ topics: topicNames })
    return topics.every(({ partitions }) => partitions.every(({ leader }) => leader >= 0))
  } catch (error) {
    if (error instanceof KafkaJSError && error.retriable) return false
    throw error
  }
}

/**
 * Changes settings. AlterConfigs replaces all of a topic's own settings, so those that are not named here are passed
 * back.
 */
async function alterSettings(admin: Admin, specs: TopicSpec[]): Promise<void> {
  const settings = await describeSettings(admin, specs)
  await admin.alterConfigs({
    validateOnly: false,
    resources: specs.map((spec) => {
      const kept = [...(settings.get(spec.name) ?? [])]
        .filter(([, { own }]) => own)
        .map(([name, { value }]) => [name, value] as const)
      const wanted = new Map([...kept, ...Object.entries(spec.settings)])
      return {
        type: ConfigResourceTypes.TOPIC,
        name: spec.name,
        configEntries: [...wanted].map(([name, value]) => ({ name, value })),
      }
    }),
  })
}

async function describeSettings(
  admin: Admin,
  specs: TopicSpec[],
): Promise<Map<string, Map<string, { value: string; own: boolean }>>> {
  const { resources } = await admin.describeConfigs({
    includeSynonyms: false,
    resources: specs.map(({ name }) => ({ type: ConfigResourceTypes.TOPIC, name })),
  })
  return new Map(
    resources.map(({ resourceName, configEntries }) => [
      resourceName,
      new Map(
        configEntries.map(({ configName, configValue, configSource }) => [
          configName,
          { value: configValue, own: (configSource as number) === dynamicTopicConfig },
        ]),
      ),
    ]),
  )
}

/** Runs with a connected admin client. */
export async function withAdmin<T>(kafka: Kafka, use: (admin: Admin) => Promise<T>): Promise<T> {
  const admin = kafka.admin({ retry: { retries: 3 } })
  await admin.connect()
  try {
    return await use(admin)
  } finally {
    await admin.disconnect()
  }
}
