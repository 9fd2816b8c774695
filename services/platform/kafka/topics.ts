import kafkajs, { type Admin, type ITopicConfig, type ITopicMetadata } from 'kafkajs'
import type { Clock } from '../runtime/clock.ts'
import { isDenied, type KafkajsError, nameDenial, unwrapError } from './security/denied.ts'
import { leastInSync, type TopicReplication, type TopicSpec } from './topic-spec.ts'

type SettingDifference = { kind: 'setting'; topic: string; setting: string; is: string; shouldBe: string }

/** A difference between the cluster and the specs. */
export type TopicDifference =
  | { kind: 'missing'; topic: string }
  | SettingDifference
  /** Never changed automatically: with keyed records, a new count would move keys to other partitions. */
  | { kind: 'partitions'; topic: string; is: number; shouldBe: number }

const minInSyncSetting = 'min.insync.replicas'
const uncleanSetting = 'unclean.leader.election.enable'
const dynamicTopicConfig = 1
const leadersLimitMs = 30_000

/** Compares the cluster's topics with the specs; changes nothing. */
export async function diffTopics(admin: Admin, specs: TopicSpec[]): Promise<TopicDifference[]> {
  const existing = new Set(await admin.listTopics())
  const present = specs.filter((spec) => existing.has(spec.name))
  const missing = specs.filter((spec) => !existing.has(spec.name))
  return [
    ...missing.map(({ name }) => ({ kind: 'missing' as const, topic: name })),
    ...(await comparePresent(admin, present)),
  ]
}

/** Compares topics that exist. @throws KafkaJSError, retriable, if the broker that was asked does not know one. */
async function comparePresent(admin: Admin, specs: TopicSpec[]): Promise<TopicDifference[]> {
  const [topics, settings] = await describePresent(admin, specs)
  const differences: TopicDifference[] = []
  for (const spec of specs) {
    const count = topics.find(({ name }) => name === spec.name)?.partitions.length ?? 0
    if (count !== spec.partitions)
      differences.push({ kind: 'partitions', topic: spec.name, is: count, shouldBe: spec.partitions })
    for (const [setting, shouldBe] of Object.entries(spec.settings)) {
      const is = settings.get(spec.name)?.get(setting)?.value ?? ''
      if (is !== shouldBe) differences.push({ kind: 'setting', topic: spec.name, setting, is, shouldBe })
    }
  }
  for (const { topic, replicas, minInSync } of toReplication(topics, settings)) {
    const least = leastInSync(replicas)
    if (minInSync >= least && minInSync <= replicas) continue
    const [is, shouldBe] = [String(minInSync), String(least)]
    differences.push({ kind: 'setting', topic, setting: minInSyncSetting, is, shouldBe })
  }
  return differences
}

/**
 * The replication of topics that exist. Waits while the broker that is asked does not know one of them yet.
 * @throws KafkaJSError if one is still unknown after 30 s.
 */
export async function readReplication(
  admin: Admin,
  specs: readonly Pick<TopicSpec, 'name'>[],
  clock: Clock,
): Promise<TopicReplication[]> {
  return toReplication(...(await onceKnown(() => describePresent(admin, specs), clock)))
}

/** Partitions and settings of topics that exist. */
async function describePresent(
  admin: Admin,
  specs: readonly Pick<TopicSpec, 'name'>[],
): Promise<[ITopicMetadata[], TopicSettings]> {
  // Asked for none, Kafka would describe all.
  if (specs.length === 0) return [[], new Map()]
  return Promise.all([describeTopics(admin, namesOf(specs)), describeSettings(admin, specs)])
}

function toReplication(topics: ITopicMetadata[], settings: TopicSettings): TopicReplication[] {
  return topics.map(({ name, partitions }) => ({
    topic: name,
    replicas: Math.min(...partitions.map(({ replicas }) => replicas.length)),
    minInSync: Number(settings.get(name)?.get(minInSyncSetting)?.value),
    uncleanElection: settings.get(name)?.get(uncleanSetting)?.value === 'true',
  }))
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
  const missing = new Set(differences.filter(({ kind }) => kind === 'missing').map(({ topic }) => topic))
  let wrong = differences
  if (missing.size > 0) {
    await assertEnoughBrokers(admin, replicationFactor)
    const created = specs.filter((spec) => missing.has(spec.name))
    const wanted = created.map(({ name, partitions, settings }) => ({
      topic: name,
      numPartitions: partitions,
      replicationFactor,
      configEntries: Object.entries(settings).map(([key, value]) => ({ name: key, value })),
    }))
    await createTopics(admin, wanted, clock)
    // Only now is it known how many replicas the broker's default has given them. The list of topics is not asked: a
    // broker that does not know the new ones yet would call them missing, and their settings would stay.
    wrong = [...differences, ...(await onceKnown(() => comparePresent(admin, created), clock))]
  }
  const changes = wrong.filter((difference) => difference.kind === 'setting')
  if (changes.length > 0) await onceKnown(() => alterSettings(admin, changes), clock)
}

/** Kafka's own message says neither which number is wrong nor how many brokers there are. */
async function assertEnoughBrokers(admin: Admin, replicationFactor: number): Promise<void> {
  const { brokers } = await admin.describeCluster()
  if (replicationFactor > brokers.length)
    throw new Error(
      `HOOKLINE_REPLICATION_FACTOR is ${replicationFactor}, but Kafka has ${brokers.length} broker(s) at present: no topic was created`,
    )
}

/**
 * Creates topics and resolves once each partition has a leader; existing topics are left unchanged. kafkajs' own wait
 * gives up while the broker does not know a new topic yet, for example when others are created at the same time.
 */
export async function createTopics(admin: Admin, topics: ITopicConfig[], clock: Clock): Promise<void> {
  await admin.createTopics({ topics, waitForLeaders: false }).catch((error: unknown) => {
    const { errors = [] } = unwrapError(error) as { errors?: (KafkajsError & { topic: string })[] }
    if (errors.length === 0) throw error
    throw new Error(errors.map((each) => nameDenial(each, 'Create', each.topic).message).join('; '))
  })
  const names = topics.map(({ topic }) => topic)
  const startMs = clock.monotonicMs()
  while (!(await haveLeaders(names, admin))) {
    if (clock.monotonicMs() - startMs > leadersLimitMs) throw new Error('new topics have no leaders yet')
    await clock.sleep(100)
  }
}

/** Repeats what is asked about topics while the broker that was asked does not know them all. */
async function onceKnown<T>(ask: () => Promise<T>, clock: Clock): Promise<T> {
  const startMs = clock.monotonicMs()
  for (;;) {
    try {
      return await ask()
    } catch (error) {
      if (!isTemporary(error) || clock.monotonicMs() - startMs > leadersLimitMs) throw error
      await clock.sleep(100)
    }
  }
}

async function haveLeaders(topicNames: string[], admin: Admin): Promise<boolean> {
  try {
    const topics = await describeTopics(admin, topicNames)
    return topics.every(({ partitions }) => partitions.every(({ leader }) => leader >= 0))
  } catch (error) {
    if (isTemporary(error)) return false
    throw error
  }
}

/** Whether another try can succeed, also if kafkajs itself has tried a few times. */
function isTemporary(error: unknown): boolean {
  const cause = unwrapError(error)
  return cause instanceof kafkajs.KafkaJSError && cause.retriable
}

/**
 * Changes settings. AlterConfigs replaces all of a topic's own settings, so those that are not named here are passed
 * back.
 */
async function alterSettings(admin: Admin, changes: SettingDifference[]): Promise<void> {
  const byTopic = Map.groupBy(changes, ({ topic }) => topic)
  const settings = await describeSettings(
    admin,
    [...byTopic.keys()].map((name) => ({ name })),
  )
  const resources = [...byTopic].map(([name, ofTopic]) => {
    const kept = [...(settings.get(name) ?? [])]
      .filter(([, { own }]) => own)
      .map(([setting, { value }]) => [setting, value] as const)
    const wanted = new Map([...kept, ...ofTopic.map(({ setting, shouldBe }) => [setting, shouldBe] as const)])
    const configEntries = [...wanted].map(([setting, value]) => ({ name: setting, value }))
    return { type: kafkajs.ConfigResourceTypes.TOPIC, name, configEntries }
  })
  // One at a time, so that a denial can name its topic.
  for (const resource of resources)
    await admin.alterConfigs({ validateOnly: false, resources: [resource] }).catch((error: unknown) => {
      throw nameDenial(unwrapError(error) as KafkajsError, 'AlterConfigs', resource.name)
    })
}

async function describeTopics(admin: Admin, names: string[]): Promise<ITopicMetadata[]> {
  const describe = async (asked: string[]) => (await admin.fetchTopicMetadata({ topics: asked })).topics
  return describe(names).catch((error: unknown) => namingDenied(error, names, 'Describe', describe))
}

/**
 * After a denial of something that was asked of several topics, which does not say of which: asks again one at a time.
 * @throws the error; if it is a denial, naming the topic.
 */
async function namingDenied(
  error: unknown,
  names: readonly string[],
  right: string,
  ask: (names: string[]) => Promise<unknown>,
): Promise<never> {
  if (isDenied(unwrapError(error) as KafkajsError))
    for (const name of names)
      await ask([name]).catch((denial: unknown) => {
        throw nameDenial(unwrapError(denial) as KafkajsError, right, name)
      })
  throw error
}

function namesOf(specs: readonly Pick<TopicSpec, 'name'>[]): string[] {
  return specs.map(({ name }) => name)
}

/** Topic -> setting -> value, and whether it is the topic's own. */
type TopicSettings = Map<string, Map<string, { value: string; own: boolean }>>

async function describeSettings(admin: Admin, specs: readonly Pick<TopicSpec, 'name'>[]): Promise<TopicSettings> {
  const describe = (names: string[]) =>
    admin.describeConfigs({
      includeSynonyms: false,
      resources: names.map((name) => ({ type: kafkajs.ConfigResourceTypes.TOPIC, name })),
    })
  const names = namesOf(specs)
  const { resources } = await describe(names).catch((error: unknown) =>
    namingDenied(error, names, 'DescribeConfigs', describe),
  )
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
