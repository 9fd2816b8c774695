import { expect, inject, test } from 'vitest'
import { until } from '../../deploy/local/process/until.ts'
import { type ServiceName, serviceNames } from '../../deploy/local/stack/stack.ts'
import { withAdmin } from '../../services/platform/kafka/admin-client.ts'
import { createTopics, readReplication } from '../../services/platform/kafka/topics.ts'
import { systemClock } from '../../services/platform/runtime/clock.ts'
import { toTopicSpec } from '../../services/topics/settings/kafka-settings.ts'
import { topics } from '../../services/topics/topic-map.ts'
import { type BrokerName, brokerNames, startCluster } from '../cluster/cluster.ts'
import { openStages } from '../cluster/stages.ts'
import { startFaultyStack } from '../support/faulty-stack.ts'
import { figure } from '../support/figure.ts'
import { caseTimeoutMs, isFull, sized } from '../support/guarantee-size.ts'
import { startLoad } from '../support/load.ts'
import { failTest, openKafka, openProducer, readTopic } from '../support/topic-reader.ts'
import { compareWithLog, recordName } from '../support/written-records.ts'

const perSecond = sized(300, 100)
/** Time that a killed broker stays away: longer than Kafka needs for new leaders. */
const awayMs = sized(20_000, 3_500)
/**
 * Scaled down, one broker is restarted and one killed, a coordinator that also leads a third of the partitions. The
 * other services are killed by guarantee 2.
 */
const restarts = sized(brokerNames.length, 1)
const leaderKills = sized(3, 0)
const coordinated = sized(['formatter', 'dispatcher'], ['dispatcher'])
const services = sized<readonly ServiceName[]>(serviceNames, ['dispatcher', 'formatter'])
const inSyncWithinMs = 60_000
/** Time between two rounds of records to each partition. */
const writeEveryMs = 50

const specsOf = (prefix: string) => Object.values(topics).map((topic) => toTopicSpec(topic, prefix, 4))

test('on three brokers, restarts and kills of brokers and services lose nothing', {
  timeout: caseTimeoutMs,
}, async () => {
  // Full size: Kafka's default.
  await using cluster = await startCluster({ brokerSessionTimeoutMs: sized(9_000, 3_000) })
  const options = { brokers: cluster.brokers, schemaRegistryUrl: inject('schemaRegistryUrl') }
  const extraEnv = { HOOKLINE_REPLICATION_FACTOR: '3' }
  await using world = await startFaultyStack({ ...options, webhooks: 4, contacts: 100, extraEnv })
  const prefix = world.stack.topicPrefix
  const traffic = ['message-events', 'webhook-deliveries', 'webhook-attempts'].map((topic) => prefix + topic)
  const untilInSync = async () =>
    expect(await until(() => cluster.inSync(), inSyncWithinMs, systemClock), 'replicas are in sync again').toBe(true)
  const kill = async (name: BrokerName) => {
    await cluster.broker(name).kill()
    await systemClock.sleep(awayMs)
    await cluster.broker(name).start()
    await untilInSync()
  }
  // A broker may be asked that does not know of a change yet. The brokers' own default is 1.
  const count = Object.keys(topics).length
  const applied = () =>
    withAdmin(openKafka(cluster.brokers), (admin) => readReplication(admin, specsOf(prefix), systemClock))
  const replication = async () => (await applied()).map(({ replicas, minInSync }) => ({ replicas, minInSync }))
  await expect.poll(replication).toEqual(Array(count).fill({ replicas: 3, minInSync: 2 }))
  const load = startLoad(world, { lanes: world.lanes, perSecond })
  const writing = await startWriting(cluster.brokers)
  const stages = openStages(world, load)

  await stages.run('nothing', () => systemClock.sleep(sized(3_000, 1_000)))
  await stages.run('rolling restart', async () => {
    for (const name of brokerNames.slice(0, restarts)) {
      await cluster.broker(name).kill('SIGTERM')
      await cluster.broker(name).start()
      await untilInSync()
    }
  })
  for (let count = 1; count <= leaderKills; count++)
    await stages.run(`kill -9 of the leader, number ${count}`, async () => kill(await cluster.leaderOf(traffic)))
  if (isFull)
    await stages.run('the leader hangs', async () => {
      const broker = cluster.broker(await cluster.leaderOf(traffic))
      broker.pause()
      await systemClock.sleep(awayMs)
      broker.resume()
      await untilInSync()
    })
  await stages.run('kill -9 of the coordinators', async () => {
    for (const group of coordinated) await kill(await cluster.coordinatorOf(prefix + group))
  })
  const own = world.ends.length
  await stages.run('kill -9 of each service', async () => {
    for (const name of services) {
      world.stack.service(name).kill('SIGKILL')
      await systemClock.sleep(sized(10_000, 1_500))
    }
    await Promise.all(services.map((name) => world.stack.service(name).restarted()))
  })
  const written = await writing.stop()
  const published = await load.stop()
  const report = await world.arrived(published, 90_000)

  for (const line of stages.report()) figure(56, line)
  const ended = world.ends.filter((end) => !end.includes('SIGKILL'))
  const sum = `${published.length} events: missing ${report.missing.length}, repeated ${report.repeated}`
  figure(56, `${sum}, ended by themselves ${ended.length}, longest standstill ${stages.longestSeconds()} s`)
  const { acknowledged, ...inLog } = written
  figure(56, `a producer beside it: ${acknowledged} records acknowledged, ${JSON.stringify(inLog)} in the log`)
  expect(inLog).toEqual({ missing: 0, repeated: 0, swapped: 0 })
  expect(own, 'processes that a broker took along').toBe(0)
  expect(ended).toEqual([])
  expect(report.missing).toEqual([])
  expect(report.faults).toEqual([])
})

/** Writes to every partition of a topic of its own until it is stopped. */
async function startWriting(brokers: string[]) {
  const kafka = openKafka(brokers)
  const topic = 'written-through-moves'
  const partitions = 12
  const configEntries = [{ name: 'min.insync.replicas', value: '2' }]
  const spec = { topic, numPartitions: partitions, replicationFactor: brokers.length, configEntries }
  await withAdmin(kafka, (admin) => createTopics(admin, [spec], systemClock))
  const producer = await openProducer(kafka)
  const acknowledged: string[] = []
  const stopping = new AbortController()
  const write = async () => {
    for (let number = 0; !stopping.signal.aborted; number++) {
      for (let partition = 0; partition < partitions; partition++) {
        const name = recordName(partition, number)
        const done = () => void acknowledged.push(name)
        producer.enqueue({ topic, key: null, value: name, partition }, done, (refusal) => failTest(refusal))
      }
      await systemClock.sleep(writeEveryMs)
    }
  }
  const written = write()
  return {
    async stop() {
      stopping.abort()
      await written
      await producer[Symbol.asyncDispose]()
      const log = (await readTopic(kafka, topic)).map(({ value }) => String(value))
      return { acknowledged: acknowledged.length, ...compareWithLog(acknowledged, log) }
    },
  }
}
