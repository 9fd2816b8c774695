import { withAdmin } from '../../services/platform/kafka/admin-client.ts'
import type { ConsumedRecord } from '../../services/platform/kafka/consumer.ts'
import { BatchingProducer } from '../../services/platform/kafka/produce/producer.ts'
import { PartitionReader } from '../../services/platform/kafka/readers/partition-reader.ts'
import { createTopics } from '../../services/platform/kafka/topics.ts'
import { type SendProduce, sendProduce } from '../../services/platform/kafka/wire/produce-protocol.ts'
import { systemClock as clock } from '../../services/platform/runtime/clock.ts'
import { type Cluster as BrokerCluster, brokerNames, startCluster } from '../cluster/cluster.ts'
import { failTest, openKafka, readTopic, testContext } from '../support/topic-reader.ts'
import { compareWithLog, recordName, sendWithoutNumbers } from '../support/written-records.ts'
import { steadily } from './events.ts'
import { rounded } from './usage.ts'
import { say } from './world.ts'

/**
 * `moves`: a broker of three is killed, then one is frozen and continued, while records are written and read: with
 * BatchingProducer, and with one whose batches have no sequence numbers, side by side. Missing, repeated and swapped
 * records, and the longest standstill of each.
 */

const partitions = 12
const perSecond = Number(process.env.HOOKLINE_BENCH_EVENTS_PER_SECOND ?? 200)
const seconds = 35
const faultAtMs = 5_000
const faultLastsMs = 15_000
/** Time for the records that wait at the end. */
const settleMs = 5_000

const senders: Record<string, SendProduce> = { numbered: sendProduce, unnumbered: sendWithoutNumbers }

type Side = { name: string; producer: BatchingProducer; acknowledged: string[]; ackedMs: number[]; readMs: number[] }

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
      Object.keys(senders).map((side) => ({
        topic: topic(side),
        numPartitions: partitions,
        replicationFactor,
        configEntries,
      })),
      clock,
    ),
  )
  await using stack = new AsyncDisposableStack()
  const sides: Side[] = []
  for (const [name, send] of Object.entries(senders)) {
    const producer = stack.use(await BatchingProducer.open(openKafka(brokers), testContext, failTest, { send }))
    const side: Side = { name, producer, acknowledged: [], ackedMs: [], readMs: [] }
    stack.use(openReader(brokers, topic(name), (records) => void side.readMs.push(...records.map(clock.monotonicMs))))
    sides.push(side)
  }
  const striking = clock.sleep(faultAtMs).then(() => strike(topic('numbered')))
  await steadily(perSecond, perSecond * seconds, (index) => {
    const partition = index % partitions
    const value = recordName(partition, index)
    for (const { name, producer, acknowledged, ackedMs } of sides)
      void producer.send({ topic: topic(name), key: null, value, partition }).then(() => {
        acknowledged.push(value)
        ackedMs.push(clock.monotonicMs())
      })
  })
  await striking
  await clock.sleep(settleMs)
  const outcome: Record<string, object> = {}
  for (const { name, acknowledged, ackedMs, readMs } of sides) {
    const log = (await readTopic(kafka, topic(name))).map(({ value }) => String(value))
    outcome[name] = {
      written: perSecond * seconds,
      acknowledged: acknowledged.length,
      ...compareWithLog(acknowledged, log),
      ackStandstillMs: rounded(longestGap(ackedMs)),
      readStandstillMs: rounded(longestGap(readMs)),
    }
    say(`${fault} ${name.padEnd(10)} ${JSON.stringify(outcome[name])}`)
  }
  return outcome
}

function openReader(
  brokers: string[],
  topic: string,
  onRead: (records: readonly ConsumedRecord[]) => void,
): PartitionReader {
  const onBatch = ({ records }: { records: ConsumedRecord[] }) => {
    onRead(records)
    return records.length
  }
  const reader = new PartitionReader(openKafka(brokers).cluster, { maxWaitMs: 1_000, clock, onBatch, fail: failTest })
  const positions = Array.from({ length: partitions }, (_unused, partition): [number, number] => [partition, 0])
  reader.read(new Map([[topic, new Map(positions)]]))
  return reader
}

function longestGap(times: number[]): number {
  return times.reduce((longest, at, index) => Math.max(longest, at - (times[index - 1] ?? at)), 0)
}
