import { parseBrokers } from '../../services/platform/kafka/broker-list.ts'
import { type ConsumedRecord, GroupConsumer } from '../../services/platform/kafka/consumer.ts'
import { SequencedProducer } from '../../services/platform/kafka/produce/sequenced-producer.ts'
import { PartitionReader } from '../../services/platform/kafka/readers/partition-reader.ts'
import { createTopics, withAdmin } from '../../services/platform/kafka/topics.ts'
import { Cluster } from '../../services/platform/kafka/wire/cluster.ts'
import { systemClock as clock } from '../../services/platform/runtime/clock.ts'
import { type Cluster as BrokerCluster, brokerNames, startCluster } from '../cluster/cluster.ts'
import { openKafka, openProducer, readTopic, testContext } from '../support/topic-reader.ts'
import { steadily } from './events.ts'
import { rounded } from './usage.ts'
import { say } from './world.ts'

/**
 * `moves`: a broker of three is killed, then one is frozen and continued, while records are written and read with
 * today's Kafka layer and with the coming one side by side. Lost, doubled and swapped records, and the
 * longest standstill of each.
 */

const partitions = 12
const perSecond = Number(process.env.HOOKLINE_BENCH_EVENTS_PER_SECOND ?? 200)
const seconds = 35
const faultAtMs = 5_000
const faultLastsMs = 15_000
/** For the records that wait at the end. */
const settleMs = 5_000

type Side = {
  name: string
  write(partition: number, value: string): Promise<unknown>
  onRead: (records: readonly ConsumedRecord[]) => void
} & AsyncDisposable

export async function moves(): Promise<object> {
  await using cluster = await startCluster({ brokerSessionTimeoutMs: 9_000 })
  const killed = await compare(cluster, 'killed', async (topic) => {
    const name = await cluster.leaderOf([topic])
    await cluster.broker(name).kill()
    await clock.sleep(faultLastsMs)
    await cluster.broker(name).start()
  })
  while (!(await cluster.inSync())) await clock.sleep(500)
  const frozen = await compare(cluster, 'frozen', async (topic) => {
    const name = await cluster.leaderOf([topic])
    cluster.broker(name).pause()
    await clock.sleep(faultLastsMs)
    cluster.broker(name).resume()
  })
  return { killed, frozen }
}

async function compare(
  cluster: BrokerCluster,
  fault: string,
  strike: (topic: string) => Promise<void>,
): Promise<object> {
  const { brokers } = cluster
  const kafka = openKafka(brokers)
  const topic = (side: string) => `moves-${fault}-${side}`
  const configEntries = [{ name: 'min.insync.replicas', value: '2' }]
  const replicationFactor = brokerNames.length
  await withAdmin(kafka, (admin) =>
    createTopics(
      admin,
      ['today', 'own'].map((side) => ({
        topic: topic(side),
        numPartitions: partitions,
        replicationFactor,
        configEntries,
      })),
      clock,
    ),
  )
  await using stack = new AsyncDisposableStack()
  const sides = [stack.use(await openToday(brokers, topic('today'))), stack.use(await openOwn(brokers, topic('own')))]
  const results = sides.map((side) => ({
    side,
    acknowledged: [] as string[],
    ackedMs: [] as number[],
    readMs: [] as number[],
  }))
  for (const { side, readMs } of results)
    side.onRead = (records) => void readMs.push(...records.map(() => clock.monotonicMs()))
  const striking = clock.sleep(faultAtMs).then(() => strike(topic('own')))
  await steadily(perSecond, perSecond * seconds, (index) => {
    for (const { side, acknowledged, ackedMs } of results) {
      const value = String(index)
      void side.write(index % partitions, value).then(() => {
        acknowledged.push(value)
        ackedMs.push(clock.monotonicMs())
      })
    }
  })
  await striking
  await clock.sleep(settleMs)
  const outcome: Record<string, object> = {}
  for (const { side, acknowledged, ackedMs, readMs } of results) {
    const log = await readTopic(kafka, topic(side.name))
    const inLog = new Set(log.map(({ value }) => String(value)))
    outcome[side.name] = {
      written: perSecond * seconds,
      acknowledged: acknowledged.length,
      lost: acknowledged.filter((value) => !inLog.has(value)).length,
      doubled: log.length - inLog.size,
      swapped: inversions(log),
      ackStandstillMs: rounded(longestGap(ackedMs)),
      readStandstillMs: rounded(longestGap(readMs)),
    }
    say(`${fault} ${side.name.padEnd(6)} ${JSON.stringify(outcome[side.name])}`)
  }
  return outcome
}

async function openToday(brokers: string[], topic: string): Promise<Side> {
  const stack = new AsyncDisposableStack()
  const producer = stack.use(await openProducer(openKafka(brokers)))
  const side: Side = {
    name: 'today',
    write: (partition, value) => producer.send({ topic, key: null, value, partition }),
    onRead: () => undefined,
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  }
  const onBatch = ({ records }: { records: ConsumedRecord[] }) => {
    side.onRead(records)
    return records.length
  }
  const options = { groupId: topic, topics: [topic], sessionTimeoutMs: 10_000, maxWaitMs: 1_000, onBatch, fail }
  stack.use(await GroupConsumer.open(openKafka(brokers), options, testContext))
  return side
}

async function openOwn(brokers: string[], topic: string): Promise<Side> {
  const stack = new AsyncDisposableStack()
  const cluster = stack.use(new Cluster({ clientId: 'bench', brokers: parseBrokers(brokers.join(',')) ?? [] }))
  const producer = stack.use(await SequencedProducer.open(cluster, { clock, fail }))
  const side: Side = {
    name: 'own',
    write: (partition, value) => producer.send(topic, partition, { key: null, value }),
    onRead: () => undefined,
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  }
  const onBatch = ({ records }: { records: ConsumedRecord[] }) => {
    side.onRead(records)
    return records.length
  }
  const reader = stack.use(new PartitionReader(cluster, { maxWaitMs: 1_000, clock, onBatch, fail }))
  const positions = Array.from({ length: partitions }, (_unused, partition): [number, number] => [partition, 0])
  reader.read(new Map([[topic, new Map(positions)]]))
  return side
}

function fail(error: unknown): void {
  throw error
}

function longestGap(times: number[]): number {
  return times.reduce((longest, at, index) => Math.max(longest, at - (times[index - 1] ?? at)), 0)
}

/** First copies of records that are in a partition's log after a later one. */
function inversions(log: ConsumedRecord[]): number {
  const seen = new Set<string>()
  const latest = new Map<number, number>()
  let found = 0
  for (const { partition, value } of log) {
    const text = String(value)
    if (seen.has(text)) continue
    seen.add(text)
    if (Number(text) < (latest.get(partition) ?? -1)) found++
    latest.set(partition, Math.max(Number(text), latest.get(partition) ?? -1))
  }
  return found
}
