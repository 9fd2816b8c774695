import kafkajs, { type Admin } from 'kafkajs'
import { expect, test } from 'vitest'
import { applyTopics, diffTopics, readReplication } from '../../../../services/platform/kafka/topics.ts'
import { systemClock } from '../../../../services/platform/runtime/clock.ts'
import { replicationWarnings } from '../../../../services/topics/settings/replication-warnings.ts'

const spec = { name: 'events', partitions: 1, settings: {} }

/** A cluster with one topic of this many replicas. */
function clusterWith(replicas: number, minInSync: number, brokers = 3) {
  const altered: object[] = []
  const nodes = Array.from({ length: replicas }, (_unused, index) => index + 1)
  const admin = {
    listTopics: async () => ['events'],
    describeCluster: async () => ({ brokers: Array.from({ length: brokers }) }),
    fetchTopicMetadata: async () => ({
      topics: [{ name: 'events', partitions: [{ partitionId: 0, leader: 1, replicas: nodes, isr: nodes }] }],
    }),
    describeConfigs: async () => ({
      resources: [
        {
          resourceName: 'events',
          configEntries: [
            { configName: 'min.insync.replicas', configValue: String(minInSync), configSource: 5 },
            { configName: 'retention.ms', configValue: '9', configSource: 1 },
          ],
        },
      ],
    }),
    alterConfigs: async ({ resources }: { resources: object[] }) => void altered.push(...resources),
  }
  return { admin: admin as unknown as Admin, altered }
}

test.each([
  { replicas: 1, minInSync: 1, shouldBe: null, why: 'one replica cannot promise more' },
  { replicas: 1, minInSync: 2, shouldBe: '1', why: 'nothing could be written' },
  { replicas: 2, minInSync: 1, shouldBe: null, why: 'writes go on while one broker is away' },
  { replicas: 3, minInSync: 1, shouldBe: '2', why: 'one broker alone could acknowledge' },
  { replicas: 3, minInSync: 2, shouldBe: null, why: 'it is as it should be' },
  { replicas: 5, minInSync: 3, shouldBe: null, why: 'a stricter choice is left alone' },
])('of $replicas replicas with min.insync.replicas=$minInSync apply makes $shouldBe: $why', async (row) => {
  const { admin, altered } = clusterWith(row.replicas, row.minInSync)
  const differences = await diffTopics(admin, [spec])
  expect(differences.map((difference) => difference.kind === 'setting' && difference.shouldBe)).toEqual(
    row.shouldBe === null ? [] : [row.shouldBe],
  )
  await applyTopics(admin, [spec], differences, -1, systemClock)
  const configEntries = [
    { name: 'retention.ms', value: '9' },
    { name: 'min.insync.replicas', value: row.shouldBe },
  ]
  expect(altered).toEqual(row.shouldBe === null ? [] : [expect.objectContaining({ name: 'events', configEntries })])
})

test('apply refuses more replicas than there are brokers before it creates anything', async () => {
  const { admin } = clusterWith(3, 2, 2)
  const applied = applyTopics(admin, [spec], [{ kind: 'missing', topic: 'events' }], 3, systemClock)
  await expect(applied).rejects.toThrow('HOOKLINE_REPLICATION_FACTOR is 3, but Kafka has 2 broker(s)')
})

const impatient = { ...systemClock, sleep: async () => {} }

/** A cluster without the topic. Once it is created, the nth question is answered by a broker that does not know it yet. */
function laggingCluster(nth: number) {
  const { admin, altered } = clusterWith(3, 1)
  const questions = { asked: 0, isCreated: false }
  const isKnown = () => questions.isCreated && questions.asked++ !== nth
  const knowing =
    <A extends never[], R>(ask: (...asked: A) => Promise<R>) =>
    async (...asked: A): Promise<R> => {
      if (isKnown()) return ask(...asked)
      throw Object.assign(new kafkajs.KafkaJSError('unknown'), { type: 'UNKNOWN_TOPIC_OR_PARTITION' })
    }
  const { fetchTopicMetadata, describeConfigs, alterConfigs } = admin
  Object.assign(admin, {
    createTopics: async () => {
      questions.isCreated = true
    },
    listTopics: async () => (isKnown() ? ['events'] : []),
    fetchTopicMetadata: knowing(fetchTopicMetadata as never),
    describeConfigs: knowing(describeConfigs as never),
    alterConfigs: knowing(alterConfigs as never),
  })
  return { admin, altered, questions }
}

const mostQuestions = 12
test.each(Array.from({ length: mostQuestions }, (_unused, index) => index))(
  'apply corrects the settings of a topic that it created, though question %i goes to a broker that does not know it',
  async (nth) => {
    const { admin, altered, questions } = laggingCluster(nth)
    await applyTopics(admin, [spec], await diffTopics(admin, [spec]), -1, impatient)
    const minInSync = { name: 'min.insync.replicas', value: '2' }
    expect(altered).toEqual([expect.objectContaining({ configEntries: expect.arrayContaining([minInSync]) })])
    expect(await readReplication(admin, [spec], impatient)).toEqual([
      { topic: 'events', replicas: 3, minInSync: 1, uncleanElection: false },
    ])
    expect(questions.asked, 'every question has had its turn').toBeLessThan(mostQuestions)
  },
)

test('a warning names the topics where an acknowledged record can be lost, and why', () => {
  const safe = { topic: 'safe', replicas: 3, minInSync: 2, uncleanElection: false }
  expect(replicationWarnings([safe])).toEqual([])
  const one = Array.from({ length: 5 }, (_unused, index) => ({ ...safe, topic: `one-${index}`, replicas: 1 }))
  const unclean = { ...safe, topic: 'unclean', uncleanElection: true }
  expect(replicationWarnings([...one, { ...safe, topic: 'two', replicas: 2 }, unclean])).toEqual([
    expect.stringMatching(/^5 topic\(s\) \(one-0, one-1, one-2, and 2 more\) with 1 replica.*lost disk/),
    expect.stringMatching(/^1 topic\(s\) \(two\) with 2 replica.*only one broker/),
    expect.stringContaining('1 topic(s) (unclean) with unclean.leader.election.enable=true'),
  ])
})

/** The error of published kafkajs: without the topic, and wrapped when it has given up. */
function denial(): Error {
  const cause = Object.assign(new Error('Topic authorization failed'), { type: 'TOPIC_AUTHORIZATION_FAILED' })
  return Object.assign(new Error(cause.message, { cause }), { name: 'KafkaJSNonRetriableError' })
}

test.each([
  ['fetchTopicMetadata', 'Describe', ({ topics }: { topics: string[] }) => topics],
  [
    'describeConfigs',
    'DescribeConfigs',
    ({ resources }: { resources: { name: string }[] }) => resources.map(({ name }) => name),
  ],
] as const)(
  'a denial of %s among several topics names the topic, and %s as the right',
  async (method, right, namesIn) => {
    const { admin } = clusterWith(1, 1)
    const names = ['events', 'forbidden']
    const ask = admin[method] as (asked: never) => Promise<object>
    const denying = async (asked: never) => {
      if (namesIn(asked).includes('forbidden')) throw denial()
      return ask(asked)
    }
    Object.assign(admin, { listTopics: async () => names, [method]: denying })
    const compared = diffTopics(
      admin,
      names.map((name) => ({ ...spec, name })),
    )
    await expect(compared).rejects.toThrow(`no permission to ${right} forbidden: Kafka's ACLs do not allow it`)
  },
)
